import type { ShardedDataSource } from '../../../src';
import { copyReferences } from '../../../src/reshard/references/copy-references';
import { createDatabases, sampledKinds, type TestDatabases } from '../../database';
import { Country, startThree } from '../fixtures';

describe.each(sampledKinds)('copyReferences on %s', (kind) => {
  let databases: TestDatabases;
  let cluster: ShardedDataSource;

  beforeEach(async () => {
    databases = await createDatabases(kind, 3);
    cluster = await startThree(databases);
  });

  afterEach(async () => {
    await cluster.destroy();
    await databases.stop();
  });

  const onShard = async (shard: string) => {
    const [{ result }] = (await cluster.query('SELECT code, people FROM country', [], { shards: [shard] })) as readonly [
      { result: readonly { code: string; people: number }[] },
    ];
    return new Map(result.map(({ code, people }) => [code, Number(people)]));
  };
  const codes = Array.from({ length: 40 }, (_, index) => `c${index}`);

  it('writes what is missing or different, deletes what is superfluous, and then has nothing to do', async () => {
    await cluster.getRepository(Country).insert(codes.map((code) => ({ code, people: 1 })));
    await cluster.query("DELETE FROM country WHERE code < 'c3'", [], { shards: ['s3'] });
    await cluster.query("UPDATE country SET people = 9 WHERE code = 'c5'", [], { shards: ['s3'] });
    await cluster.query("INSERT INTO country (code, people) VALUES ('x', 1), ('c00', 1)", [], { shards: ['s3'] });
    const copied = await copyReferences(cluster.live, ['s3'], { settleMs: 1, rangeRows: 7 });
    expect(copied.tables).toEqual(['country']);
    expect(copied.changedRows).toBeGreaterThan(3);
    expect(await onShard('s3')).toEqual(await onShard('s1'));
    expect(await copyReferences(cluster.live, ['s3'], { settleMs: 1 })).toEqual({ tables: ['country'], changedRows: 0 });
  });

  it('loses and doubles no write that comes meanwhile', async () => {
    await cluster.getRepository(Country).insert(codes.map((code) => ({ code, people: 0 })));
    await cluster.query('DELETE FROM country', [], { shards: ['s3'] });
    const end = new AbortController();
    const done = new Map<string, number>(codes.map((code) => [code, 0]));
    const write = async (seed: number) => {
      for (let turn = 0; !end.signal.aborted; turn += 1) {
        const code = codes[(seed * 7 + turn * 3) % codes.length]!;
        await cluster.getRepository(Country).increment({ code }, 'people', 1);
        done.set(code, done.get(code)! + 1);
        await cluster.getRepository(Country).insert({ code: `n${seed}-${turn}`, people: 0 });
        done.set(`n${seed}-${turn}`, 0);
        // So that every row rests for longer than the copy waits.
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    };
    const writers = [write(0), write(1)];
    await copyReferences(cluster.live, ['s3'], { settleMs: 150, rangeRows: 11 });
    end.abort();
    await Promise.all(writers);
    expect(await onShard('s1')).toEqual(done);
    expect(await onShard('s3')).toEqual(done);
    expect(done.size).toBeGreaterThan(codes.length);
  });

  it('ends with the reason of its signal, and does nothing for no shard', async () => {
    await cluster.getRepository(Country).insert({ code: 'a', people: 1 });
    await cluster.query('DELETE FROM country', [], { shards: ['s3'] });
    const reason = new Error('enough');
    const waiting = copyReferences(cluster.live, ['s3'], { settleMs: 60_000, signal: AbortSignal.timeout(200) });
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(copyReferences(cluster.live, ['s3'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await copyReferences(cluster.live, [])).toEqual({ tables: [], changedRows: 0 });
  });
});
