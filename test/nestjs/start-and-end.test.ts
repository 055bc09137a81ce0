import type { LoggerService } from '@nestjs/common';
import { ShardedDataSource } from 'typeorm-sharding';
import { ShardingModule, type ShardingModuleOptions } from 'typeorm-sharding/nestjs';
import { countAllConnections, optionsFor } from '../cluster/fixtures/clusters';
import { describeOn } from '../cluster/fixtures/describe-on';
import { someUsers, User } from '../cluster/fixtures/entities';
import { createDatabases, type PrivateServer, runSql, serverKinds, startServer } from '../database';
import { startApplication } from './fixtures/application';

jest.setTimeout(60_000);

/** A logger that remembers what it was told, by severity. */
class RememberingLogger implements LoggerService {
  readonly lines: string[] = [];
  log = (message: string, context?: string) => this.#keep('log', message, context);
  warn = (message: string, context?: string) => this.#keep('warn', message, context);
  debug = (message: string, context?: string) => this.#keep('debug', message, context);
  error = (message: string, ...rest: string[]) => this.#keep('error', message, rest.at(-1));

  /** What one part of the application said. */
  of(context: string): readonly string[] {
    return this.lines.filter((line) => line.startsWith(`${context} `)).map((line) => line.slice(context.length + 1));
  }

  #keep(severity: string, message: string, context = ''): void {
    this.lines.push(`${context} ${severity}: ${message}`);
  }
}

const settings = { entities: [User], synchronize: true };

describeOn(serverKinds, 'An application whose server comes up late', (kind) => {
  let server: PrivateServer;
  let options: ShardingModuleOptions;

  beforeAll(async () => {
    server = await startServer(kind);
    await runSql(server, ['create database app']);
    const { host, port, username, password } = server;
    const shards = [{ name: 's1', host, port, username, password, database: 'app' }];
    options = { type: kind, shards, ...settings, retryDelayMs: 50, verboseRetryLog: true } as ShardingModuleOptions;
  }, 120_000);

  beforeEach(() => server.kill('SIGKILL'));

  afterEach(() => server.restart());

  afterAll(() => server?.stop());

  it('starts when it is there', async () => {
    const logger = new RememberingLogger();
    const starting = startApplication([ShardingModule.forRoot({ ...options, retryAttempts: 500 })], logger);
    await server.restart();

    await using running = await starting;
    expect(await running.app.get(ShardedDataSource).getRepository(User).count()).toBe(0);
    const [first] = logger.of('ShardingModule');
    expect(first).toMatch(/^error: The cluster "default" could not be opened\. Shard "s1" failed: .* Trying again \(1 of 500\)/);
  });

  it('gives up after as many tries as it may make', async () => {
    const logger = new RememberingLogger();
    const starting = startApplication([ShardingModule.forRoot({ ...options, retryAttempts: 2, verboseRetryLog: false })], logger);
    await expect(starting).rejects.toMatchObject({ code: 'ERR_SHARD_FAILED', shard: 's1' });
    const lines = logger.of('ShardingModule');
    expect(lines).toHaveLength(2);
    for (const [index, line] of lines.entries()) {
      expect(line).toMatch(/^error: The cluster "default" could not be opened\. Shard "s1" failed: /);
      expect(line).toContain(`Trying again (${index + 1} of 2) …`);
    }
  });

  it('does not try again what toRetry does not want', async () => {
    const seen: unknown[] = [];
    const toRetry = (error: unknown) => {
      seen.push(error);
      return false;
    };
    await expect(startApplication([ShardingModule.forRoot({ ...options, toRetry })])).rejects.toMatchObject({ shard: 's1' });
    expect(seen).toEqual([expect.objectContaining({ code: 'ERR_SHARD_FAILED' })]);
  });
});

describeOn(serverKinds, 'An application that ends', (kind) => {
  it('leaves no connection to any shard', async () => {
    const databases = await createDatabases(kind, 3);
    const running = await startApplication([ShardingModule.forRoot(optionsFor(databases, settings) as ShardingModuleOptions)]);
    await running.app
      .get(ShardedDataSource)
      .getRepository(User)
      .insert([...someUsers]);
    expect(await countAllConnections(databases)).toBeGreaterThanOrEqual(3);

    await running.app.close();
    expect(await countAllConnections(databases)).toBe(0);
    await databases.stop();
  });

  it('leaves none when it could not start because of one shard', async () => {
    const databases = await createDatabases(kind, 3);
    const options = optionsFor(databases, settings);
    const shards = [...options.shards, { ...(options.shards[0] as object), name: 'wrong', database: 'there_is_no_such_database' }];
    const starting = startApplication([
      ShardingModule.forRoot({ ...options, shards, retryAttempts: 1, retryDelayMs: 10 } as ShardingModuleOptions),
    ]);

    await expect(starting).rejects.toMatchObject({ shard: 'wrong' });
    expect(await countAllConnections(databases)).toBe(0);
    await databases.stop();
  });
});

describe('The logger of an application', () => {
  const options: ShardingModuleOptions = { type: 'sqljs', shards: ['s1', 's2'], ...settings };

  it('gets what the cluster and TypeORM log, as far as logging says', async () => {
    const logger = new RememberingLogger();
    await using running = await startApplication(
      [ShardingModule.forRoot({ ...options, logging: ['query', 'warn'], scatter: { mode: 'warn' } })],
      logger,
    );
    await running.app
      .get(ShardedDataSource)
      .getRepository(User)
      .find({ where: { name: 'nobody' } });

    const lines = logger.of('ShardedDataSource');
    expect(lines).toContainEqual(expect.stringMatching(/^debug: query: SELECT .*"User"/));
    expect(lines).toContainEqual(
      expect.stringMatching(/^warn: find on User, called at .*start-and-end\.test\.ts:\d+.*, goes to all 2 shards/),
    );
    expect(lines.filter((line) => line.startsWith('log:'))).toEqual([]);
  });

  it('is left alone when the options have one of their own', async () => {
    const logger = new RememberingLogger();
    await using running = await startApplication([ShardingModule.forRoot({ ...options, logging: 'all', logger: 'debug' })], logger);
    expect(running.app).toBeDefined();
    expect(logger.of('ShardedDataSource')).toEqual([]);
  });
});
