import { Body, Controller, Get, Injectable, Module, NotFoundException, Param, Post } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNotEmpty, IsString } from 'class-validator';
import { Column, Entity, PrimaryColumn, Repository } from 'typeorm';
import { ShardedDataSource, ShardKey } from 'typeorm-sharding';
import { InjectShardedDataSource, ShardingHealthIndicator, ShardingModule, shardContext } from 'typeorm-sharding/nestjs';

@Entity()
export class User {
  @PrimaryColumn()
  @ShardKey()
  @IsString()
  @IsNotEmpty()
  guid!: string;

  @Column()
  @IsString()
  name!: string;
}

@Injectable()
export class UsersService {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectShardedDataSource() private readonly cluster: ShardedDataSource,
  ) {}

  add(user: User): Promise<User> {
    return this.users.save(this.users.create(user));
  }

  async find(guid: string): Promise<User & { shard: string }> {
    const user = await this.users.findOneBy({ guid });
    if (!user) throw new NotFoundException();
    return { ...user, shard: this.cluster.shardFor(User, guid).name };
  }

  async reached(): Promise<readonly string[]> {
    return (await this.cluster.getRepository(User).explain()).shards;
  }
}

@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Post()
  add(@Body() user: User): Promise<User> {
    return this.users.add(user);
  }

  @Get('of/:guid')
  reached(): Promise<readonly string[]> {
    return this.users.reached();
  }

  @Get(':guid')
  find(@Param('guid') guid: string): Promise<User & { shard: string }> {
    return this.users.find(guid);
  }
}

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly sharding: ShardingHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.sharding.isHealthy('database')]);
  }
}

/** The requests of one user go to the user's shard. */
export const UserContext = shardContext({ entity: User, key: (request) => (request.params as { guid?: string }).guid });

@Module({
  imports: [ShardingModule.forFeature([User]), TerminusModule],
  controllers: [UsersController, HealthController],
  providers: [UsersService],
  exports: [UsersService],
})
export class UsersModule {}
