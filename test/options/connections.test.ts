import fc from 'fast-check';
import { type ConnectionBudget, ShardedDataSource, type ShardedDataSourceOptions } from '../../src';
import { faultsOfOptions } from './faults-of-options';

interface Given {
  readonly name: string;
  readonly poolSize?: number;
  readonly partitions?: readonly number[];
  readonly replication?: object;
}

function optionsOf(shards: readonly Given[], more: object = {}): object {
  return { type: 'mysql', entities: [], host: 'db', shards: shards.map((shard) => ({ database: shard.name, ...shard })), ...more };
}

function connectionsOf(shards: readonly Given[], more: object = {}): ConnectionBudget {
  return new ShardedDataSource(optionsOf(shards, more) as unknown as ShardedDataSourceOptions).connections;
}

const named = (count: number, poolSize?: number): Given[] =>
  Array.from({ length: count }, (_, index) => ({ name: `s${index}`, ...(poolSize !== undefined && { poolSize }) }));

describe('ShardedDataSource.connections', () => {
  it('counts ten for each database where nothing is said', () => {
    expect(connectionsOf(named(2))).toEqual({
      databases: [
        { database: 's0', poolSize: 10, pools: 1 },
        { database: 's1', poolSize: 10, pools: 1 },
      ],
      total: 20,
      max: 500,
    });
  });

  it('counts the pool size of a shard before that of all shards', () => {
    expect(connectionsOf([{ name: 'a', poolSize: 3 }, { name: 'b' }], { poolSize: 7 }).total).toBe(10);
  });

  it('counts one pool for all partitions of a database', () => {
    expect(connectionsOf([{ name: 'a', partitions: [1, 2, 3, 4] }])).toMatchObject({ databases: [{ database: 'a', pools: 1 }], total: 10 });
  });

  it('counts a pool for each server of a replication', () => {
    const replication = { master: { host: 'm', database: 'x' }, slaves: [{ host: 's' }, { host: 't' }] };
    expect(connectionsOf([{ name: 'a', poolSize: 4, replication }])).toMatchObject({ databases: [{ pools: 3 }], total: 12 });
  });

  it('counts what the drivers call the pool size in extra, and makes it smaller too', () => {
    expect(connectionsOf([{ name: 'a' }], { extra: { connectionLimit: 40 } }).total).toBe(40);
    expect(connectionsOf([{ name: 'a' }], { type: 'postgres', extra: { max: 40 }, maxConnections: 30 }).total).toBe(30);
  });

  it('counts none for databases inside the process', () => {
    const cluster = new ShardedDataSource({ type: 'sqljs', entities: [], shards: [{ name: 'a' }], maxConnections: 1 });
    expect(cluster.connections).toEqual({ databases: [], total: 0, max: 1 });
  });

  it('makes pools smaller in proportion to fit the most allowed', () => {
    expect(connectionsOf(named(100)).total).toBe(500);
    expect(connectionsOf(named(100)).databases[0]?.poolSize).toBe(5);
    const { databases } = connectionsOf(
      [
        { name: 'a', poolSize: 42 },
        { name: 'b', poolSize: 12 },
      ],
      { maxConnections: 29 },
    );
    expect(databases.map(({ poolSize }) => poolSize)).toEqual([22, 7]);
  });

  it('makes a large pool smaller so that a small one keeps what it needs', () => {
    const { databases, total } = connectionsOf(
      [
        { name: 'a', poolSize: 100 },
        { name: 'b', poolSize: 2 },
      ],
      { maxConnections: 50 },
    );
    expect(databases.map(({ poolSize }) => poolSize)).toEqual([48, 2]);
    expect(total).toBe(50);
  });

  it('refuses a most that leaves no two connections for each pool', () => {
    expect(faultsOfOptions(optionsOf(named(3), { maxConnections: 5 }))).toEqual([
      'maxConnections is 5, but 3 database(s) need at least 6: 2 for each pool.',
    ]);
    expect(connectionsOf(named(3), { maxConnections: 6 }).total).toBe(6);
  });

  it('accepts pools of one where no more is asked', () => {
    expect(connectionsOf(named(2, 1), { maxConnections: 2 }).total).toBe(2);
  });

  it('never allows more than the most, never more than is asked, never fewer than two where two are asked', () => {
    const pools = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(pools, fc.integer({ min: 1, max: 2000 }), (sizes, max) => {
        const shards = sizes.map((poolSize, index) => ({ name: `s${index}`, poolSize }));
        const least = sizes.reduce((sum, size) => sum + Math.min(2, size), 0);
        if (least > max) {
          expect(faultsOfOptions(optionsOf(shards, { maxConnections: max }))).toHaveLength(1);
          return;
        }
        const { databases, total } = connectionsOf(shards, { maxConnections: max });
        expect(total).toBeLessThanOrEqual(max);
        for (const [index, { poolSize }] of databases.entries()) {
          expect(poolSize).toBeGreaterThanOrEqual(Math.min(2, sizes[index]!));
          expect(poolSize).toBeLessThanOrEqual(sizes[index]!);
        }
        const asked = sizes.reduce((sum, size) => sum + size, 0);
        if (asked > max) expect(total).toBeGreaterThan(max - sizes.length);
        else expect(total).toBe(asked);
      }),
      { numRuns: 100 },
    );
  });
});
