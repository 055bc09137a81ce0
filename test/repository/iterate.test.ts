import { MoreThan } from 'typeorm';
import { ConfigurationError, type ShardedRepository } from '../../src';
import { sampledKinds } from '../database';
import { Account, Note } from './fixtures/account';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

/** What happened, in order: a shard asked for a page, or a row given to the consumer. */
type Trace = string[];

describe.each(sampledKinds)('iterate() (%s)', (kind) => {
  let test: TestCluster;
  let accounts: ShardedRepository<Account>;
  /** The keys of each shard, by score. */
  const keysOn = new Map<string, string[]>();

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note], shards: 3 });
    accounts = test.cluster.getRepository(Account);
    const rows = Array.from({ length: 30 }, (_, at) => ({
      key: `k${String(at).padStart(2, '0')}`,
      name: `n${at % 5}`,
      score: at,
      level: 1,
    }));
    await accounts.insert(rows);
    for (const { key } of rows) {
      const { name } = test.cluster.shardFor(Account, key);
      keysOn.set(name, [...(keysOn.get(name) ?? []), key]);
    }
    // How columns are declared is asked once; what is traced below is only rows.
    await accounts.find({ order: { score: 'ASC' }, take: 1 });
  });
  afterAll(() => test?.stop());

  /** Iterates and writes down when which shard is asked for rows, and when a row arrives. */
  async function traced(rows: AsyncIterable<Account>, most = Number.POSITIVE_INFINITY): Promise<Trace> {
    const trace: Trace = [];
    const iterator = rows[Symbol.asyncIterator]();
    for (let given = 0; given < most; given += 1) {
      let row: IteratorResult<Account> | undefined;
      const sent = await test.log.during(async () => {
        row = await iterator.next();
      });
      trace.push(...sent.map(({ shard }) => `ask ${shard}`).sort());
      if (!row || row.done) return trace;
      trace.push(`row ${row.value.key}`);
    }
    await iterator.return?.(undefined);
    return trace;
  }

  /** The trace of the lazy merge, by its definition: a shard is asked for a page only when its last one is used up and a row is wanted. */
  function lazyTrace(pageRows: number, most = Number.POSITIVE_INFINITY): Trace {
    const trace: Trace = [];
    const left = new Map([...keysOn].sort().map(([shard, keys]) => [shard, [...keys]]));
    const held = new Map([...left.keys()].map((shard) => [shard, [] as string[]]));
    const finished = new Set<string>();
    for (let given = 0; given < most; given += 1) {
      for (const [shard, page] of held) {
        if (page.length > 0 || finished.has(shard)) continue;
        trace.push(`ask ${shard}`);
        const next = left.get(shard)!.splice(0, pageRows);
        if (next.length < pageRows) finished.add(shard);
        page.push(...next);
      }
      const heads = [...held.values()].filter((page) => page.length > 0);
      if (heads.length === 0) return trace;
      const first = heads.reduce((a, b) => (a[0]! < b[0]! ? a : b));
      trace.push(`row ${first.shift()}`);
    }
    return trace;
  }

  it('asks a shard for its next page only when the merge needs it', async () => {
    const rows = accounts.iterate({ order: { score: 'ASC' }, pageRows: 3 });

    expect(await traced(rows)).toEqual(lazyTrace(3));
  });

  it('asks for nothing more once the consumer has stopped', async () => {
    const rows = accounts.iterate({ order: { score: 'ASC' }, pageRows: 2 });

    expect(await traced(rows, 7)).toEqual(lazyTrace(2, 7));
    expect(await test.log.during(async () => void (await rows.next()))).toEqual([]);
  });

  it('reads shards one after another without an order, and not the ones that are not reached', async () => {
    const first = keysOn.get('s1')!;

    expect(await test.log.shardsDuring(() => traced(accounts.iterate({ pageRows: 100 }), first.length))).toEqual(['s1']);
    expect(await test.log.shardsDuring(() => traced(accounts.iterate({ pageRows: 100 }), first.length + 1))).toEqual(['s1', 's2']);
  });

  it('does not open a lazy shard that is not reached', async () => {
    const lazy = await openTestCluster(kind, { entities: [Account, Note], shards: 3, options: { lazy: true } });
    const repository = lazy.cluster.getRepository(Account);
    const keys = Array.from({ length: 12 }, (_, at) => `l${at}`).filter((key) => lazy.cluster.shardFor(Account, key).name === 's1');
    await repository.insert(keys.map((key) => ({ key, name: 'n', score: 1, level: 1 })));

    for await (const { key } of repository.iterate({ pageRows: 1 })) {
      expect(keys).toContain(key);
      break;
    }

    expect(lazy.cluster.shards.map(({ isOpen }) => isOpen)).toEqual([true, false, false]);
    await lazy.stop();
  });

  it('gives every row once, in the order asked for, for every size of page', async () => {
    for (const pageRows of [1, 2, 7, 500]) {
      const keys: string[] = [];
      for await (const { key } of accounts.iterate({ order: { name: 'DESC', score: 'ASC' }, where: { score: MoreThan(3) }, pageRows }))
        keys.push(key);
      const expected = await accounts.find({ order: { name: 'DESC', score: 'ASC' }, where: { score: MoreThan(3) } });
      expect(keys).toEqual(expected.map(({ key }) => key));
    }
  });

  it('ends with the reason of an aborted signal, at the next row', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const keys: string[] = [];

    const iteration = (async () => {
      for await (const { key } of accounts.iterate({ order: { score: 'ASC' }, pageRows: 3, signal: controller.signal })) {
        keys.push(key);
        if (keys.length === 4) controller.abort(reason);
      }
    })();

    await expect(iteration).rejects.toBe(reason);
    expect(keys).toHaveLength(4);
  });

  it('sends nothing when the signal is aborted already', async () => {
    const sent = await test.log.during(async () => {
      await expect(accounts.iterate({ signal: AbortSignal.abort(new Error('early')) }).next()).rejects.toThrow('early');
    });

    expect(sent).toEqual([]);
  });

  it('answers calls that do not wait for each other in turn', async () => {
    const rows = accounts.iterate({ order: { score: 'ASC' }, pageRows: 2 });
    const results = await Promise.all(Array.from({ length: 32 }, () => rows.next()));

    expect(results.map(({ value }) => value?.score)).toEqual([...Array.from({ length: 30 }, (_, at) => at), undefined, undefined]);
  });

  it.each([0, 1.5, 100_001])('refuses pages of %s rows', (pageRows) => {
    expect(() => accounts.iterate({ pageRows })).toThrow(ConfigurationError);
  });
});
