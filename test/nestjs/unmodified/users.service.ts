import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectDataSource, InjectEntityManager, InjectRepository } from '@nestjs/typeorm';
import { DataSource, EntityManager, Repository } from 'typeorm';
import { User } from './user.entity';

/** A service as applications have it: it knows TypeORM and `@nestjs/typeorm`, and nothing of shards. */
@Injectable()
export class UsersService {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectEntityManager() private readonly manager: EntityManager,
  ) {}

  async add(guid: string, name: string): Promise<User> {
    if (await this.users.existsBy({ guid })) throw new ConflictException();
    return this.users.save(this.users.create({ guid, name }));
  }

  async find(guid: string): Promise<User> {
    const user = await this.users.findOneBy({ guid });
    if (!user) throw new NotFoundException();
    return user;
  }

  list(): Promise<User[]> {
    return this.users.find({ order: { name: 'ASC' } });
  }

  /** Renames in a transaction, and takes it back when the name is empty. */
  rename(guid: string, name: string): Promise<void> {
    return this.dataSource.transaction(async (manager) => {
      await manager.update(User, { guid }, { name });
      const renamed = await manager.findOneByOrFail(User, { guid });
      if (renamed.name === '') throw new ConflictException();
    });
  }

  count(): Promise<number> {
    return this.manager.count(User);
  }
}
