import { ShardedDataSource } from '../../../src';
import type { ShardDataSource } from '../../../src/cluster';
import { ReshardRefusedError, TopologyStoreError } from '../../../src/errors';
import { cutRow, type OwnershipKey, OwnershipMarks, readOwnership, shardRule, withRunner } from '../../../src/fence';
import { planMoves } from '../../../src/reshard/plan';
import { ruleAt } from '../../../src/reshard/plan/moving-pairs';
import { provisionCluster } from '../../../src/reshard/provision-cluster';
import { rebuildTopology } from '../../../src/reshard/rebuild';
import { type GroupMove, type PlanRow, sqlTopology } from '../../../src/topology';
import { optionsFor } from '../../cluster/fixtures/clusters';
import { createDatabases, databaseKinds, type TestDatabases } from '../../database';
import { caseOn } from '../../long-run';
import { Country, Owner, startThree, Thing, Topic } from '../fixtures';

const onDisk = databaseKinds.filter((kind) => kind !== 'sqljs');

describe.each(onDisk)('rebuildTopology on %s', (kind) => {
  let databases: TestDatabases;
  let cluster: ShardedDataSource;

  beforeEach(async () => {
    databases = await createDatabases(kind, 3, { onDisk: true });
    cluster = await startThree(databases);
    await provisionCluster(cluster.live);
  });

  afterEach(async () => {
    await cluster.destroy();
    await databases.stop();
  });

  /** A process whose store is empty, and which has only read its entities. */
  async function lost(): Promise<ShardedDataSource> {
    const shards = databases.shards.map(({ name, options }, index) => ({ name, ...options, weight: index === 2 ? 0 : 1 }));
    const entities = [Owner, Thing, Topic, Country];
    const other = new ShardedDataSource(optionsFor(databases, { shards, entities, topology: sqlTopology({ type: 'sqljs' }) }));
    return other.readEntities();
  }

  async function using<T>(other: ShardedDataSource, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      await other.destroy();
    }
  }

  /** Begins the move of some rows on all shards, as a mover does. */
  async function begin(group: string, move: GroupMove, rows: readonly PlanRow[]): Promise<void> {
    for (const { name, dataSource } of cluster.shards) {
      const source = dataSource as ShardDataSource;
      await withRunner(source, async (runner) => {
        for (const { since, upto } of rows) {
          for (const at of [since, upto]) {
            const own = (await readOwnership(source, runner, group)).find((row) => row.since < at && at < row.upto);
            if (own) await cutRow(source, runner, own, { at, token: 3 });
          }
          const newRule = shardRule(ruleAt(move.to, since), name, group);
          const done = await new OwnershipMarks(source).begin(runner, { shard: name, group, since }, { token: 3, newRule, version: 7 });
          expect(done.kind).toBe('done');
        }
      });
    }
  }

  async function onShard(name: string, work: (marks: OwnershipMarks, source: ShardDataSource) => Promise<unknown>): Promise<void> {
    const source = cluster.shard(name).dataSource as ShardDataSource;
    await work(new OwnershipMarks(source), source);
  }

  const planned = () => {
    const { core, current } = cluster.live;
    return planMoves(core, current, { add: ['s3'], group: 'Owner' }).moves.get('Owner')!;
  };

  caseOn(kind, 0)('is what a start with an empty store is told to do, and gives the placements back', async () => {
    const before = cluster.live.current;
    await cluster.destroy();
    const other = await lost();
    await using(other, async () => {
      await expect(other.initialize()).rejects.toThrow(TopologyStoreError);
      await expect(other.initialize()).rejects.toThrow('run cluster.reshard.rebuild()');
      await other.readEntities();
      expect(await rebuildTopology(other.live)).toEqual({ version: before.version + 1, groups: ['Owner', 'Topic'], plan: null });
      await expect(rebuildTopology(other.live)).rejects.toThrow('Only an empty one can be filled');
      await other.readEntities();
      const stored = await other.live.stored();
      expect(stored?.version).toBeGreaterThan(before.version);
      for (const [name, table] of before.tables) expect(stored?.tables.get(name)?.checksum).toBe(table.checksum);
    });
  });

  caseOn(kind, 1)('finds a plan again where it was, by the lowest watermark that any shard knows', async () => {
    const move = planned();
    await begin('Owner', move, move.rows.slice(0, 3));
    const [first] = move.rows;
    const key = (shard: string): OwnershipKey => ({ shard, group: 'Owner', since: first!.since });
    const half = Number(first!.since) + 1_000;
    await onShard('s3', (marks, source) => withRunner(source, (runner) => marks.lower(runner, key('s3'), { watermark: half, version: 8 })));
    const other = await lost();
    await using(other, async () => {
      expect(await rebuildTopology(other.live)).toEqual({ version: 9, groups: ['Owner', 'Topic'], plan: { phase: 'announced', rows: 3 } });
      const stored = (await other.live.stored())!;
      expect(stored.lastToken).toBe(3);
      const rows = stored.plan!.moves.get('Owner')!.rows;
      expect(rows.map(({ watermark }) => watermark)).toEqual([half, move.rows[1]!.upto, move.rows[2]!.upto]);
      expect(rows.map(({ since }) => stored.plan!.moves.get('Owner')!.to.ownerOf(since))).toEqual(['s3', 's3', 's3']);
      expect(stored.routes.get('Owner')!.ownerOf(half)).toBe('s3');
      expect(stored.routes.get('Owner')!.ownerOf(half - 1)).toBe(move.from.ownerOf(first!.since));
    });
  });

  caseOn(kind, 2)('cleans on when some shards have settled, and drops a plan that had not begun everywhere', async () => {
    const move = planned();
    const [first, second] = move.rows as readonly [PlanRow, PlanRow];
    await begin('Owner', move, [first]);
    for (const name of ['s1', 's2', 's3']) {
      await onShard(name, (marks, source) =>
        withRunner(source, async (runner) => {
          const key = { shard: name, group: 'Owner', since: first.since };
          await marks.lower(runner, key, { watermark: first.since, version: 8 });
          if (name === 's3') expect((await marks.settle(runner, key, { token: 3, version: 9 })).kind).toBe('done');
        }),
      );
    }
    const cleaning = await lost();
    await using(cleaning, async () => {
      expect((await rebuildTopology(cleaning.live)).plan).toEqual({ phase: 'cleaning', rows: 1 });
      const stored = (await cleaning.live.stored())!;
      expect(stored.tables.get('Owner')!.ownerOf(first.since)).toBe('s3');
      expect(stored.plan!.moves.get('Owner')!.from.ownerOf(first.since)).toBe(move.from.ownerOf(first.since));
    });
    // One more row has begun on its source alone: together with one that has settled that is no plan.
    await onShard(move.from.ownerOf(second.since), (marks, source) =>
      withRunner(source, async (runner) => {
        const key = { shard: source.context.shard, group: 'Owner', since: second.since };
        await marks.begin(runner, key, { token: 3, newRule: shardRule({ shards: ['s3'] }, source.context.shard, 'Owner'), version: 9 });
      }),
    );
    const other = await lost();
    await using(other, async () => {
      await expect(rebuildTopology(other.live)).rejects.toThrow('which no plan does');
    });
  });

  caseOn(kind, 3)('refuses when two shards claim the same, and says where', async () => {
    const group = cluster.driver.escape('group');
    await cluster.query(`UPDATE _shard_ownership SET old_residue = 0, new_residue = 0 WHERE ${group} = 'Topic'`, [], { shards: ['s2'] });
    const other = await lost();
    await using(other, async () => {
      const error = await rebuildTopology(other.live).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ReshardRefusedError);
      expect((error as ReshardRefusedError).reasons[0]).toMatch(
        /Group Topic: from -Infinity to Infinity the shards contradict each other: s1 owns 0 of 2/,
      );
      expect(await other.live.stored()).toBeUndefined();
    });
  });
});
