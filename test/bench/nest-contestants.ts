import 'reflect-metadata';
import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ShardedDataSource, type ShardedDataSourceOptions } from 'typeorm-sharding';
import { getShardedDataSourceToken, ShardingModule } from 'typeorm-sharding/nestjs';
import type { BenchDatabases } from './bench-databases';
import { User } from './user';

/** What an application has between its controllers and the library. */
@Injectable()
export class UsersService {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  find(guid: string): Promise<User | null> {
    return this.users.findOneBy({ guid });
  }

  async add(guid: string): Promise<void> {
    await this.users.insert({ guid, name: 'somebody' });
  }
}

/** A service with the repository that Nest injects, and the same with that of a bare cluster, over the same rows. */
export interface NestContestants {
  readonly injected: UsersService;
  readonly bare: UsersService;
  close(): Promise<void>;
}

/** Where the rows are, and what they are called. */
export interface NestRows {
  readonly databases: BenchDatabases;
  readonly guids: readonly string[];
}

/** Starts an application and opens a cluster beside it. Databases in memory are filled; those of servers have their rows. */
export async function openContestants(rows: NestRows, isNestFirst: boolean): Promise<NestContestants> {
  const options = optionsOf(rows.databases);
  const early = isNestFirst ? await startApplication(options) : undefined;
  const cluster = await new ShardedDataSource(options).initialize();
  const app = early ?? (await startApplication(options));
  if (rows.databases.type === 'sqljs') {
    const both = [app.get<ShardedDataSource>(getShardedDataSourceToken()), cluster];
    for (const each of isNestFirst ? both : both.reverse()) await fill(each, rows.guids);
  }
  const close = async () => {
    await app.close();
    await cluster.destroy();
  };
  return { injected: app.get(UsersService), bare: new UsersService(cluster.getRepository(User)), close };
}

/** Puts the rows into the databases of servers, once for all contestants. */
export async function prepareRows({ databases, guids }: NestRows): Promise<void> {
  if (databases.type === 'sqljs') return;
  await using cluster = await new ShardedDataSource(optionsOf(databases)).initialize();
  await fill(cluster, guids);
}

async function fill(cluster: ShardedDataSource, guids: readonly string[]): Promise<void> {
  await cluster.getRepository(User).insert(guids.map((guid) => ({ guid, name: 'somebody' })));
}

function optionsOf({ type, connections }: BenchDatabases): ShardedDataSourceOptions {
  const shards = connections.map((connection, index) => ({ ...connection, name: `s${index + 1}` }));
  return { type, entities: [User], synchronize: true, shards } as ShardedDataSourceOptions;
}

function startApplication(options: ShardedDataSourceOptions): Promise<INestApplicationContext> {
  @Module({ imports: [ShardingModule.forRoot(options), ShardingModule.forFeature([User])], providers: [UsersService] })
  class Application {}
  return NestFactory.createApplicationContext(Application, { logger: false });
}
