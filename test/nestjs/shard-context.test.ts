import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Module,
  type Provider,
  Query,
  Sse,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { defer, from, interval, map, mergeMap, type Observable, take, toArray } from 'rxjs';
import { ShardedDataSource } from 'typeorm-sharding';
import { getShardedDataSourceToken, InjectShardedDataSource, type KeyedRequest, shardContext } from 'typeorm-sharding/nestjs';
import { sampledKinds } from '../database';
import { Account, Note } from '../repository/fixtures/account';
import { keysOn } from '../repository/fixtures/keys-on';
import { openTestCluster, type TestCluster } from '../repository/fixtures/test-cluster';

const header = (request: KeyedRequest) => request.headers['x-account'];
const fromQuery = async (request: KeyedRequest) => {
  await delay(1);
  return (request.query as { readonly account?: string }).account;
};
const fromArgument = (_: KeyedRequest, execution: ExecutionContext) => `${execution.getHandler().name}`;

@Controller('accounts')
@UseInterceptors(shardContext({ entity: Account, key: header, scatter: { mode: 'forbid' } }))
class AccountController {
  constructor(@InjectShardedDataSource() readonly cluster: ShardedDataSource) {}

  get #accounts() {
    return this.cluster.getRepository(Account);
  }

  async #shards(): Promise<string> {
    return (await this.#accounts.explain()).shards.join();
  }

  @Get('promised')
  async promised(@Query('pauseMs') pauseMs = '0'): Promise<readonly string[]> {
    await delay(Number(pauseMs));
    const found = await this.#accounts.find();
    await delay(Number(pauseMs));
    return [await this.#shards(), ...found.map(({ key }) => key)];
  }

  @Get('observable')
  observable(): Observable<readonly string[]> {
    const found = defer(() => this.#accounts.count()).pipe(map(() => 'counted'));
    const later = interval(2).pipe(
      take(3),
      mergeMap(() => from(this.#shards())),
    );
    return found.pipe(
      mergeMap(() => later),
      toArray(),
    );
  }

  @Sse('events')
  events(): Observable<{ data: string }> {
    return interval(2).pipe(
      take(3),
      mergeMap(() => this.#shards()),
      map((data) => ({ data })),
    );
  }

  @Get('file')
  file(): StreamableFile {
    const rows = this.#accounts.iterate({ order: { key: 'ASC' }, pageRows: 1 });
    return new StreamableFile(Readable.from(linesOf(rows)), { type: 'text/plain' });
  }

  @Get('refusal')
  async refusal(): Promise<string> {
    return (await this.#accounts.explain()).refusal ?? 'none';
  }

  @Get('everywhere')
  async everywhere(): Promise<number> {
    return this.#accounts.acrossShards().count();
  }

  @Get('required')
  @UseInterceptors(shardContext({ entity: Account, key: fromQuery, required: true }))
  async required(): Promise<{ readonly shards: string }> {
    return { shards: await this.#shards() };
  }

  @Get('named')
  @UseInterceptors(shardContext({ entity: Account, key: fromArgument, cluster: 'second', scatter: { maxShards: 1 } }))
  async named(): Promise<{ readonly shards: string }> {
    return { shards: await this.#shards() };
  }
}

async function* linesOf(rows: AsyncIterable<Account>): AsyncGenerator<string> {
  for await (const { key } of rows) yield `${key}\n`;
}

async function start(cluster: ShardedDataSource, more: readonly Provider[] = []): Promise<INestApplication> {
  @Module({
    controllers: [AccountController],
    providers: [
      { provide: ShardedDataSource, useValue: cluster },
      { provide: getShardedDataSourceToken('second'), useValue: cluster },
      ...more,
    ],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

describe.each(sampledKinds)('shardContext() (%s)', (kind) => {
  let test: TestCluster;
  let app: INestApplication;
  /** A key of each shard. */
  const keys = new Map<string, string>();

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note], shards: 3 });
    const rows = Array.from({ length: 20 }, (_, at) => ({ key: `a${at}`, name: 'n', score: at, level: 1 }));
    await test.cluster.getRepository(Account).insert(rows);
    for (const shard of ['s1', 's2', 's3']) keys.set(shard, keysOn(test.cluster, Account, shard, { prefix: 'a' })[0] as string);
    app = await start(test.cluster);
  });
  afterAll(async () => {
    await app?.close();
    await test?.stop();
  });

  async function get(path: string, headers: Record<string, string> = {}, to: INestApplication = app) {
    const response = await fetch(`${await to.getUrl()}/accounts/${path}`, { headers: { connection: 'close', ...headers } });
    const text = await response.text();
    return { status: response.status, text, json: () => JSON.parse(text) };
  }

  const keyOf = (shard: string) => ({ 'x-account': keys.get(shard) as string });
  const storedOn = (shard: string) =>
    keysOn(test.cluster, Account, shard, { prefix: 'a', count: 100 }).filter((key) => Number(key.slice(1)) < 20);

  it('sends what a handler asks to the shard of the key in the request', async () => {
    for (const shard of ['s1', 's2', 's3']) {
      const [shards, ...found] = (await get('promised', keyOf(shard))).json();
      expect(shards).toBe(shard);
      expect([...found].sort()).toEqual([...storedOn(shard)].sort());
    }
  });

  it('holds for Observables, events and files that are read while the response is sent', async () => {
    expect((await get('observable', keyOf('s2'))).json()).toEqual(['s2', 's2', 's2']);
    expect((await get('events', keyOf('s3'))).text.match(/data: \w+/g)).toEqual(['data: s3', 'data: s3', 'data: s3']);
    expect((await get('file', keyOf('s1'))).text.trim().split('\n').sort()).toEqual([...storedOn('s1')].sort());
  });

  it('keeps requests apart that run at once', async () => {
    const requests = Array.from({ length: 50 }, (_, at) => `s${(at % 3) + 1}`);

    const answers = await Promise.all(requests.map((shard, at) => get(`promised?pauseMs=${at % 7}`, keyOf(shard))));

    expect(answers.map((answer) => answer.json()[0])).toEqual(requests);
    expect((await get('promised')).status).toBe(500);
  });

  it('leaves requests without a key to the limits of scatter, and what the handler names itself', async () => {
    expect((await get('refusal')).text).toMatch(/^find on Account does not name the shard key/);
    expect((await get('refusal', keyOf('s1'))).text).toBe('none');
    expect((await get('promised')).status).toBe(500);
    expect((await get('everywhere')).text).toBe('20');
    expect((await get('everywhere', keyOf('s1'))).text).toBe('20');
  });

  it('answers 400 without a key that is required, and for one that cannot route, naming no value', async () => {
    const missing = await get('required');
    const unusable = await get('required?account=bad%00key');
    const twice = await get('required?account=one&account=two');

    expect(missing).toMatchObject({ status: 400, text: expect.stringContaining('names no shard key') });
    for (const answer of [unusable, twice]) expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('cannot be used') });
    expect(unusable.text).not.toContain('bad');
  });

  it('is replaced by one of the handler, which may wait for its key', async () => {
    const answer = await get(`required?account=${keys.get('s3')}`, keyOf('s1'));

    expect(answer.json()).toEqual({ shards: 's3' });
  });

  it('takes the cluster that it is made for, and gives the execution context to the key', async () => {
    expect((await get('named')).json()).toEqual({ shards: test.cluster.shardFor(Account, 'named').name });
  });

  it('serves a whole application as APP_INTERCEPTOR', async () => {
    const whole = shardContext<{ headers: Record<string, string> }>({ entity: Account, key: ({ headers }) => headers['x-whole'] });
    const second = await start(test.cluster, [{ provide: APP_INTERCEPTOR, useClass: whole }]);
    try {
      expect((await get('promised', { 'x-whole': keys.get('s2') as string }, second)).json()[0]).toBe('s2');
      expect((await get('promised', { 'x-whole': 'bad', ...keyOf('s3') }, second)).json()[0]).toBe('s3');
    } finally {
      await second.close();
    }
  });
});
