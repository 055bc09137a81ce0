import type { ResolvedShard } from './resolved-options';

/** What TypeORM's drivers take when no pool size is given. */
const DEFAULT_POOL_SIZE = 10;

/** A transaction holds one connection while another statement needs a second, so a pool of one can wait for itself. */
const SMALLEST_POOL = 2;

/** How many connections this process may open to one database. */
export interface PoolBudget {
  /** Name of the entry in `shards`. */
  readonly database: string;
  /** Connections of one pool. */
  readonly poolSize: number;
  /** Pools: one, or one for each server of a replication. */
  readonly pools: number;
}

/** How many connections this process may open to all shards together. */
export interface ConnectionBudget {
  /** One entry for each database; none for embedded ones. */
  readonly databases: readonly PoolBudget[];
  /** Connections of all pools together. */
  readonly total: number;
  /** The limit that `maxConnections` sets. */
  readonly max: number;
}

/**
 * Makes the pools small enough that all of them together stay within `max`. Embedded databases do not count.
 *
 * @returns The shards with their `poolSize`, and a fault when even the smallest pools are too many.
 */
export function budgetConnections(
  shards: readonly ResolvedShard[],
  shared: Readonly<Record<string, unknown>>,
  max: number,
): { readonly shards: readonly ResolvedShard[]; readonly faults: readonly string[] } {
  if (isEmbedded(shared)) return { shards, faults: [] };
  const asked = poolsOf(shards, shared);
  const [total, least] = [totalOf(asked), totalOf(asked.map(smallestPool))];
  const sizes = new Map(asked.map((pool) => [pool.database, total <= max ? pool.poolSize : shrunkSize(pool, { total, least, max })]));
  const needed = `maxConnections is ${max}, but ${asked.length} database(s) need at least ${least}: ${SMALLEST_POOL} for each pool.`;
  return {
    shards: shards.map((shard) => ({
      ...shard,
      connection: withinBudget({ extra: shared.extra, ...shard.connection }, sizes.get(shard.database)),
    })),
    faults: least > max ? [needed] : [],
  };
}

/** Counts the connections that resolved shards may open. */
export function connectionBudget(
  shards: readonly ResolvedShard[],
  shared: Readonly<Record<string, unknown>>,
  max: number,
): ConnectionBudget {
  const databases = isEmbedded(shared) ? [] : poolsOf(shards, shared);
  return { databases, total: totalOf(databases), max };
}

function poolsOf(shards: readonly ResolvedShard[], shared: Readonly<Record<string, unknown>>): readonly PoolBudget[] {
  const byDatabase = new Map(shards.map((shard) => [shard.database, shard]));
  return [...byDatabase.values()].map(({ database, connection }) => {
    const options: Record<string, unknown> = { ...shared, ...connection };
    const slaves = (options.replication as { readonly slaves?: readonly unknown[] } | undefined)?.slaves?.length ?? 0;
    return { database, poolSize: askedSize(options), pools: 1 + slaves };
  });
}

/** The size of the pool that connection options ask for. What the drivers themselves call it, in `extra`, wins in TypeORM. */
export function askedSize({ poolSize, extra }: Readonly<Record<string, unknown>>): number {
  const { connectionLimit, max } = (extra ?? {}) as { readonly connectionLimit?: unknown; readonly max?: unknown };
  return Number(connectionLimit ?? max ?? poolSize ?? DEFAULT_POOL_SIZE);
}

/**
 * Puts the pool size of the budget into connection options, whatever they were given later: a smaller pool is kept, and what the
 * drivers call it in `extra` is taken away.
 */
export function withinBudget(options: Readonly<Record<string, unknown>>, budgeted: unknown): Record<string, unknown> {
  if (typeof budgeted !== 'number') return { ...options };
  const { connectionLimit: _limit, max: _max, ...extra } = (options.extra ?? {}) as Record<string, unknown>;
  return { ...options, extra, poolSize: Math.min(budgeted, askedSize(options)) };
}

function smallestPool(pool: PoolBudget): PoolBudget {
  return { ...pool, poolSize: Math.min(SMALLEST_POOL, pool.poolSize) };
}

/** What every pool needs is set aside first; the rest is shared out in proportion to what is asked beyond it. */
function shrunkSize(pool: PoolBudget, { total, least, max }: { readonly total: number; readonly least: number; readonly max: number }) {
  const { poolSize } = smallestPool(pool);
  return total === least ? poolSize : poolSize + Math.floor(((pool.poolSize - poolSize) * Math.max(0, max - least)) / (total - least));
}

function totalOf(pools: readonly PoolBudget[]): number {
  return pools.reduce((sum, { poolSize, pools }) => sum + poolSize * pools, 0);
}

function isEmbedded({ type }: Readonly<Record<string, unknown>>): boolean {
  return type === 'better-sqlite3' || type === 'sqljs';
}
