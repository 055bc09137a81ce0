import type { ShardedDataSource } from 'typeorm-sharding';
import type { Ledger } from './layout-writer';
import { keys, UserHomeLayout } from './published';

/** What the databases have, beside what they must have; every number but those of `originals` must be 0. */
export interface Findings {
  /** Rows of the original keys by shard. */
  readonly originals: Readonly<Record<string, number>>;
  /** Layouts that are nowhere, or not as they were acknowledged last. */
  readonly lost: number;
  /** Layouts that several shards have. */
  readonly double: number;
  /** Layouts on a shard that does not own their key. */
  readonly misplaced: number;
  /** Rows that nobody wrote. */
  readonly unknown: number;
}

/** Reads every row of every database, past the library, and compares them with what was acknowledged. */
export async function compareStored(cluster: ShardedDataSource, ledger: Ledger): Promise<Findings> {
  const stored = await Promise.all(cluster.shards.map(async ({ name }) => [name, await rowsOf(cluster, name)] as const));
  const all = stored.flatMap(([shard, rows]) => [...rows.keys()].map((key) => ({ shard, key })));
  const copies = new Map<string, number>();
  for (const { key } of all) copies.set(key, (copies.get(key) ?? 0) + 1);
  const rows = new Map(stored);
  const ownerOf = (key: string) => cluster.shardFor(UserHomeLayout, key).name;
  const isAsAcknowledged = ([key, layout]: readonly [string, readonly number[]]) =>
    rows.get(ownerOf(key))?.get(key) === JSON.stringify(layout);
  const originals = new Set(keys);
  return {
    originals: Object.fromEntries(stored.map(([shard, own]) => [shard, count(own.keys(), (key) => originals.has(key))])),
    lost: count(ledger, (entry) => !isAsAcknowledged(entry)),
    double: count(copies.values(), (each) => each > 1),
    misplaced: count(all, ({ shard, key }) => shard !== ownerOf(key)),
    unknown: count(copies.keys(), (key) => !ledger.has(key)),
  };
}

/** What is wrong with {@link Findings}, one sentence for each fault. */
export function findingFaults({ lost, double, misplaced, unknown }: Findings): readonly string[] {
  return [
    ...(lost > 0 ? [`${lost} layouts are not what was acknowledged last.`] : []),
    ...(double > 0 ? [`${double} layouts are on several shards.`] : []),
    ...(misplaced > 0 ? [`${misplaced} layouts are on a shard that does not own them.`] : []),
    ...(unknown > 0 ? [`${unknown} layouts are there that nobody wrote.`] : []),
  ];
}

/** The texts of layouts by key, as one database has them. */
async function rowsOf(cluster: ShardedDataSource, shard: string): Promise<ReadonlyMap<string, string>> {
  const { dataSource } = cluster.shard(shard);
  const { tableName } = dataSource.getMetadata(UserHomeLayout);
  const rows: readonly { ikey: string; value: string }[] = await dataSource.query(`SELECT ikey, value FROM ${tableName}`);
  return new Map(rows.map(({ ikey, value }) => [ikey, value]));
}

function count<T>(values: Iterable<T>, holds: (value: T) => boolean): number {
  return [...values].filter(holds).length;
}
