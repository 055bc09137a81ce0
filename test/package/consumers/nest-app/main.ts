/** A NestJS application as users have it: started, asked over HTTP, and closed; it must then end by itself. */
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { Module, ValidationPipe } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { getRepositoryToken } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ShardedDataSource, ShardedRepository } from 'typeorm-sharding';
import { getShardedDataSourceToken, ShardingModule } from 'typeorm-sharding/nestjs';
import { User, UserContext, UsersModule } from './users.js';

@Module({
  imports: [
    ShardingModule.forRootAsync({
      provideDataSource: true,
      useFactory: () => ({ type: 'sqljs', shards: ['s1', 's2', 's3'], synchronize: true, autoLoadEntities: true }),
    }),
    UsersModule,
  ],
  providers: [{ provide: APP_INTERCEPTOR, useClass: UserContext }],
})
class AppModule {}

/** How many copies of a package the application, NestJS and the library see. */
function copiesOf(name: string, from: string): number {
  const own = createRequire(from);
  const seers = ['@nestjs/core', '@nestjs/typeorm', 'typeorm-sharding/nestjs'].map((each) => createRequire(own.resolve(each)));
  return new Set([own, ...seers].map((each) => each.resolve(name))).size;
}

/** What a dependency that is loaded by `require` sees: it must be the same classes and tokens. */
function seenByRequire(app: { get(token: unknown): unknown }, from: string) {
  const load = createRequire(from);
  const library = load('typeorm-sharding') as typeof import('typeorm-sharding', { with: { 'resolution-mode': 'require' }});
  const nest = load('typeorm-sharding/nestjs') as {
    getShardedDataSourceToken(): unknown;
    getShardedRepositoryToken(entity: unknown): unknown;
  };
  return {
    sameClass: library.ShardedDataSource === (ShardedDataSource as unknown),
    sameToken: nest.getShardedDataSourceToken() === getShardedDataSourceToken(),
    sameRepositoryToken: nest.getShardedRepositoryToken(User) === getRepositoryToken(User),
    injects: app.get(nest.getShardedDataSourceToken()) instanceof library.ShardedDataSource,
  };
}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true }));
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const ask = async (method: string, path: string, body?: unknown) => {
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const response = await fetch(url + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
    return { status: response.status, body: (await response.json()) as { length: number; status: string } };
  };
  const answers = {
    added: (await ask('POST', '/users', { guid: 'ada', name: 'Ada' })).status,
    refused: (await ask('POST', '/users', { guid: '', name: 'Ada' })).status,
    found: (await ask('GET', '/users/ada')).body,
    missing: (await ask('GET', '/users/bob')).status,
    reached: (await ask('GET', '/users/of/ada')).body.length,
    health: (await ask('GET', '/health')).body.status,
  };
  const cluster = app.get<ShardedDataSource>(getShardedDataSourceToken());
  const identity = {
    copies: Object.fromEntries(
      ['@nestjs/common', '@nestjs/typeorm', 'typeorm'].map((name) => [name, copiesOf(name, process.argv[1] as string)]),
    ),
    ...seenByRequire(app as never, process.argv[1] as string),
    isDataSource: cluster instanceof DataSource,
    isTheDataSource: app.get(DataSource) === (cluster as unknown),
    isSharded: app.get(getRepositoryToken(User), { strict: false }) instanceof ShardedRepository,
  };
  await app.close();
  console.log(JSON.stringify({ answers, identity, isInitialized: cluster.isInitialized, left: await resourcesLeft() }));
}

/** What would keep the process alive, but for the pipes of its output; sockets that are being closed have a second to be gone. */
async function resourcesLeft(): Promise<readonly string[]> {
  let left: readonly string[] = [];
  for (let turn = 0; turn < 50; turn += 1) {
    left = process.getActiveResourcesInfo().filter((each) => each !== 'PipeWrap');
    if (left.length === 0) break;
    await delay(20);
  }
  return left;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
