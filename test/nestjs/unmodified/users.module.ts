import { Body, Controller, type DynamicModule, Get, Param, Post, Put } from '@nestjs/common';
import { User } from './user.entity';
import { UsersService } from './users.service';

@Controller('users')
class UsersController {
  constructor(private readonly users: UsersService) {}

  @Post()
  add(@Body() { guid, name }: User): Promise<User> {
    return this.users.add(guid, name);
  }

  @Get()
  list(): Promise<User[]> {
    return this.users.list();
  }

  @Get('count')
  count(): Promise<number> {
    return this.users.count();
  }

  @Get(':guid')
  find(@Param('guid') guid: string): Promise<User> {
    return this.users.find(guid);
  }

  @Put(':guid/name')
  rename(@Param('guid') guid: string, @Body() { name }: User): Promise<void> {
    return this.users.rename(guid, name);
  }
}

/** The module of the users, over whichever module provides their repository. */
export class UsersModule {
  static over(repositories: DynamicModule): DynamicModule {
    return {
      module: UsersModule,
      imports: [repositories],
      controllers: [UsersController],
      providers: [UsersService],
      exports: [UsersService],
    };
  }
}
