import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ShardedDataSource } from 'typeorm-sharding';
import { ShardingHealthIndicator, ShardingModule, type ShardingModuleOptions } from 'typeorm-sharding/nestjs';
import { describeOn } from '../cluster/fixtures/describe-on';
import { User } from '../cluster/fixtures/entities';
import { type PrivateServer, runSql, serverKinds, startServer, waitUntil } from '../database';

@Controller('health')
class HealthController {
  constructor(
    readonly health: HealthCheckService,
    readonly sharding: ShardingHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.sharding.isHealthy('database', { timeoutMs: 300 })]);
  }

  @Get('lazy')
  @HealthCheck()
  lazy() {
    return this.health.check([() => this.sharding.isHealthy('lazy', { cluster: 'lazy' })]);
  }

  @Get('unknown')
  @HealthCheck()
  unknown() {
    return this.health.check([() => this.sharding.isHealthy('unknown', { cluster: 'unknown' })]);
  }
}

async function start(options: ShardingModuleOptions): Promise<INestApplication> {
  const clusters = [ShardingModule.forRoot(options), ShardingModule.forRoot({ ...options, name: 'lazy', synchronize: false, lazy: true })];

  @Module({ imports: [...clusters, TerminusModule], controllers: [HealthController] })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

async function ask(app: INestApplication, path = '') {
  const response = await fetch(`${await app.getUrl()}/health${path}`, { headers: { connection: 'close' } });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) };
}

describe('ShardingHealthIndicator over embedded databases', () => {
  it('names the shard whose database was closed', async () => {
    const app = await start({ type: 'sqljs', entities: [User], synchronize: true, shards: ['up', 'down'] });
    const cluster = app.get(ShardedDataSource);

    expect((await ask(app)).status).toBe(200);
    await cluster.shard('down').dataSource.destroy();
    expect(await ask(app)).toMatchObject({
      status: 503,
      body: { error: { database: { shards: { up: { status: 'up' }, down: { status: 'down' } } } } },
    });
    await app.close();
  });
});

describeOn(serverKinds, 'ShardingHealthIndicator', (kind) => {
  let up: PrivateServer;
  let down: PrivateServer;
  let cluster: ShardedDataSource;
  let app: INestApplication;

  beforeAll(async () => {
    [up, down] = await Promise.all([startServer(kind), startServer(kind)]);
    await Promise.all([up, down].map((server) => runSql(server, ['create database app'])));
    const place = ({ host, port, username, password }: PrivateServer) => ({ host, port, username, password, database: 'app' });
    app = await start({
      type: kind,
      entities: [User],
      synchronize: true,
      shards: [
        { name: 'up', ...place(up) },
        { name: 'down', ...place(down) },
      ],
    });
    cluster = app.get(ShardedDataSource);
  }, 120_000);

  afterEach(async () => {
    await down.restart();
    if (!cluster.isInitialized) await cluster.initialize();
    await waitUntil(async () => (await cluster.health()).every(({ status }) => status === 'up'), { what: 'all shards to be up' });
  }, 90_000);

  afterAll(async () => {
    await app?.close();
    await Promise.all([up?.stop(), down?.stop()]);
  });

  const shardUp = { status: 'up', latencyMs: expect.any(Number) };

  it('answers 200 and shows each shard with its latency while all are up', async () => {
    const { status, body } = await ask(app);

    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'ok', info: { database: { status: 'up', shards: { up: shardUp, down: shardUp } } }, error: {} });
    expect(body.details.database.shards.up.latencyMs).toBeLessThan(300);
  });

  it('answers 503 and names the shard whose server was killed, without a word of the driver', async () => {
    await down.kill('SIGKILL');
    const { status, body, text } = await ask(app);

    expect(status).toBe(503);
    expect(body.status).toBe('error');
    expect(body.error.database).toEqual({
      status: 'down',
      shards: {
        up: shardUp,
        down: { status: 'down', error: { code: 'ERR_SHARD_FAILED', message: expect.stringMatching(/^Shard "down" failed: /) } },
      },
    });
    for (const secret of [down.username, down.host, String(down.port)]) expect(text).not.toContain(secret);
  }, 60_000);

  it('answers within its time when a shard does not', async () => {
    await down.kill('SIGSTOP');
    const startedMs = performance.now();
    const { status, body } = await ask(app);

    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(status).toBe(503);
    expect(body.error.database.shards.down.error.message).toContain('ETIMEDOUT');
    await down.kill('SIGCONT');
  }, 60_000);

  it('counts shards that nothing has asked for as no fault', async () => {
    const { status, body } = await ask(app, '/lazy');

    expect(status).toBe(200);
    expect(body.info.lazy).toEqual({ status: 'up', shards: { up: { status: 'unopened' }, down: { status: 'unopened' } } });
  });

  it('reports a cluster that was closed', async () => {
    await cluster.destroy();
    const { status, body } = await ask(app);

    expect(status).toBe(503);
    expect(body.error.database).toMatchObject({ status: 'down', shards: {}, error: { code: 'ERR_NOT_INITIALIZED' } });
  });

  it('is an error of the application for a cluster that it has not', async () => {
    expect((await ask(app, '/unknown')).status).toBe(500);
  });
});
