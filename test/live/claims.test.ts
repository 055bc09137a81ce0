import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { QueryFailedError, type QueryRunner } from 'typeorm';
import { ShardedDataSource, type ShardedDataSourceOptions, ShardsFailedError, sqlTopology, TopologyChangedError } from '../../src';
import { Footprint, shardFault } from '../../src/cluster';
import type { OwnershipRow } from '../../src/fence';
import { restFault } from '../../src/live';
import { GuardedAccess } from '../../src/live/guarded-access';
import { isUnrepeatable } from '../../src/live/half-done';
import { isOwner } from '../../src/live/row-owner';
import { topologyOf } from '../../src/topology';
import { optionsFor } from '../cluster/fixtures/clusters';
import { describeOn } from '../cluster/fixtures/describe-on';
import { createDatabases, databaseKinds, waitUntil } from '../database';
import { expectedOf } from '../fence/fixtures/oracle';
import { Topic } from '../reshard/move/fixtures/entities';
import { Hearing } from './fixtures/stage';

const rule = fc.oneof(
  fc.constant({ modulus: 0, residue: 0 }),
  fc.constant({ modulus: 1, residue: 0 }),
  fc.constant({ modulus: 2, residue: 1 }),
  fc.constant({ modulus: 3, residue: 2 }),
);

describe('What a client reads from a row of ownership', () => {
  it('is what the guards let it write, at every position', () => {
    fc.assert(
      fc.property(rule, rule, fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 2, maxLength: 2 }), (oldRule, newRule, marks) => {
        const [frontier, watermark] = marks.sort((a, b) => a - b) as [number, number];
        const row: OwnershipRow = {
          ...{ shard: 's', group: 'g', since: 0, upto: 12, oldRule, newRule, frontier, watermark, capture: 12, token: 1, version: 7 },
        };
        for (let position = 0; position < 12; position += 1) {
          const isAllowed = expectedOf(row, BigInt(position), { kind: 'ordinary' }, 'update').refusal === undefined;
          expect(isOwner(row, { position, version: 7, isWrite: true })).toBe(isAllowed);
          // Reads go to the old owner until the commit, and never to rows that moved in later than the caller knows.
          const isReadable =
            position >= watermark
              ? isAllowed
              : expectedOf({ ...row, frontier: watermark }, BigInt(position), { kind: 'ordinary' }, 'update').refusal === undefined;
          expect(isOwner(row, { position, version: 7, isWrite: false })).toBe(isReadable);
          if (position >= watermark) expect(isOwner(row, { position, version: 6, isWrite: false })).toBe(false);
        }
      }),
    );
  });
});

describe('A call that failed because rows moved', () => {
  const moved = { shard: 's2', error: new TopologyChangedError('s2', 'x.') };

  it('is known by its error also where TypeORM took that for a fault of the statement', () => {
    const error = new TopologyChangedError('s2', 'x.');
    expect(shardFault('s2', new QueryFailedError('SELECT 1', [], error))).toBe(error);
  });

  it('is not made again when a part of it is done, unless it leaves that out', () => {
    const partly = new ShardsFailedError('update', [moved], ['s1']);
    expect(isUnrepeatable(partly)).toBe(true);
    expect(isUnrepeatable(restFault(partly, { operation: 'insert', asked: ['s1', 's2'], done: ['s1'] }))).toBe(false);
    expect(isUnrepeatable(new ShardsFailedError('update', [moved], []))).toBe(false);
  });
});

const shared = databaseKinds.filter((kind) => kind !== 'sqljs');

describeOn(shared, 'A cluster that was never provisioned', (kind) => {
  const directory = mkdtempSync(join(tmpdir(), 'claims-'));
  const hearing = new Hearing();
  let databases: Awaited<ReturnType<typeof createDatabases>>;
  let cluster: ShardedDataSource;

  beforeAll(async () => {
    databases = await createDatabases(kind, 2, { onDisk: kind === 'better-sqlite3' });
    const store = sqlTopology({ type: 'better-sqlite3', database: join(directory, `${randomUUID()}.sqlite`), cluster: 'default' });
    const resharding = { routeLeaseMs: 100, refreshMs: 20, staleRetryMs: 500 };
    const options = optionsFor(databases, { entities: [Topic], synchronize: true, topology: hearing.wrap(store), resharding, poolSize: 2 });
    cluster = await new ShardedDataSource(options as ShardedDataSourceOptions).initialize();
  }, 60_000);

  afterAll(async () => {
    await cluster?.destroy();
    await databases?.stop();
    rmSync(directory, { recursive: true });
  });

  it('routes anew a call to several shards whose topology is not the newest any more when it has its connection', async () => {
    const { live } = cluster;
    const core = live.core.observed(new Footprint());
    core.everyShard(core.shardedOf(Topic));
    const access = new GuardedAccess(live, core, { operation: 'count', kind: 'read', isSilent: false });
    live.use(topologyOf(live.current, live.current.storeVersion + 1));
    const sent: QueryRunner[] = [];
    const counting = access.run(core.shard('s1'), async ({ queryRunner }) => sent.push(queryRunner as QueryRunner));
    await expect(counting).rejects.toBeInstanceOf(TopologyChangedError);
    expect(sent).toEqual([]);
  });

  it('goes on with calls that name a key, in transactions too, while the store is silent', async () => {
    const topics = cluster.getRepository(Topic);
    hearing.isDown = true;
    await waitUntil(async () => !cluster.live.isFresh, { what: 'the lease to end' });
    await topics.insert({ id: '1', value: 1 });
    await topics.save({ id: '2', value: 2 });
    expect((await topics.increment({ id: '1' }, 'value', 1)).affected).toBe(1);
    await cluster.manager.transaction(async (inner) => {
      await inner.insert(Topic, { id: '3', value: 3 });
      await inner.increment(Topic, { id: '3' }, 'value', 1);
    });
    expect((await topics.findOneByOrFail({ id: '3' })).value).toBe(4);
    expect(await topics.findOneBy({ id: '4' })).toBeNull();
    await expect(topics.count()).rejects.toThrow(expect.objectContaining({ code: 'ERR_ROUTE_LEASE' }));
    hearing.isDown = false;
    await waitUntil(async () => cluster.live.isFresh, { what: 'the store to be heard' });
    expect(await topics.count()).toBe(3);
  });
});

const embedded = databaseKinds.filter((kind) => kind === 'sqljs' || kind === 'better-sqlite3');

describeOn(embedded, 'A runner of an embedded database', (kind) => {
  it('asks for its connection before every statement, also one that is prepared already', async () => {
    const databases = await createDatabases(kind, 1);
    const cluster = await new ShardedDataSource(optionsFor(databases, { entities: [Topic] }) as ShardedDataSourceOptions).initialize();
    try {
      for (let turn = 0; turn < 3; turn += 1) {
        const runner = cluster.shard('s1').dataSource.createQueryRunner();
        const connecting = jest.spyOn(runner, 'connect').mockRejectedValue(new TopologyChangedError('s1', 'x.'));
        await expect(runner.query('SELECT 1 AS one')).rejects.toBeInstanceOf(TopologyChangedError);
        connecting.mockRestore();
        expect(await runner.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
        await runner.release();
      }
    } finally {
      await cluster.destroy();
      await databases.stop();
    }
  });
});
