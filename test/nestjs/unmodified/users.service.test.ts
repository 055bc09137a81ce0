import { ConflictException, NotFoundException } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getDataSourceToken, getEntityManagerToken, getRepositoryToken } from '@nestjs/typeorm';
import { User } from './user.entity';
import { UsersService } from './users.service';

/** The unit tests that such a service has, with mocks under the tokens of `@nestjs/typeorm`: they need no line for sharding. */
describe('UsersService', () => {
  const users = { existsBy: jest.fn(), findOneBy: jest.fn(), create: jest.fn((user) => user), save: jest.fn(async (user) => user) };
  let service: UsersService;

  beforeEach(async () => {
    jest.clearAllMocks();
    const module = await Test.createTestingModule({
      providers: [
        UsersService,
        { provide: getRepositoryToken(User), useValue: users },
        { provide: getDataSourceToken(), useValue: {} },
        { provide: getEntityManagerToken(), useValue: { count: async () => 7 } },
      ],
    }).compile();
    service = module.get(UsersService);
  });

  it('saves a user whose key is free', async () => {
    users.existsBy.mockResolvedValue(false);
    expect(await service.add('ada', 'Ada')).toEqual({ guid: 'ada', name: 'Ada' });
    expect(users.save).toHaveBeenCalledTimes(1);
  });

  it('refuses a key that is taken', async () => {
    users.existsBy.mockResolvedValue(true);
    await expect(service.add('ada', 'Ada')).rejects.toThrow(ConflictException);
    expect(users.save).not.toHaveBeenCalled();
  });

  it('says that a user is not there', async () => {
    users.findOneBy.mockResolvedValue(null);
    await expect(service.find('ada')).rejects.toThrow(NotFoundException);
  });

  it('counts by the manager', async () => {
    expect(await service.count()).toBe(7);
  });
});
