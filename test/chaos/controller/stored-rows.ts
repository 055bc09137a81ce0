import { DataSource } from 'typeorm';
import type { ClusterDescription } from '../databases/chaos-databases';
import { plainOptions } from '../library';
import { noEntries, stateText } from '../rows/row-state';

/** One row as a shard has it. */
export interface StoredRow {
  readonly shard: string;
  readonly table: 'Account' | 'Meter' | 'Reading' | 'Tick' | 'Counter' | 'Entry' | 'Country';
  readonly id: string;
  readonly position: number;
  /** As {@link stateText} writes it; for counters the count. */
  readonly state: string;
}

/** Opens each shard by a plain data source, works, and closes them. */
export async function onEveryShard<T>(
  description: ClusterDescription,
  work: (source: DataSource, shard: string) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const shard of description.shards) {
    const source = await new DataSource(plainOptions(description, shard)).initialize();
    try {
      results.push(await work(source, shard.name));
    } finally {
      await source.destroy();
    }
  }
  return results;
}

/** Reads all rows of all shards, past the library. */
export async function storedRows(description: ClusterDescription): Promise<readonly StoredRow[]> {
  return (await onEveryShard(description, rowsOf)).flat();
}

type Row = Readonly<Record<string, string | number>>;

async function rowsOf(source: DataSource, shard: string): Promise<readonly StoredRow[]> {
  const all = (table: string): Promise<Row[]> => source.query(`SELECT * FROM ${source.driver.escape(table)}`);
  const base = (table: StoredRow['table'], row: Row, id: string | number) => ({
    shard,
    table,
    id: String(id),
    position: Number(row._shard_position ?? id),
  });
  const entries = await all('entry');
  const own = (table: 'Account' | 'Meter' | 'Reading', rows: readonly Row[]) =>
    rows.map((row) => ({ ...base(table, row, row.id!), state: stateOf(row, table === 'Account' ? entries : []) }));
  return [
    ...own('Account', await all('account')),
    ...own('Meter', await all('meter')),
    ...own('Reading', await all('reading')),
    ...entries.map((row) => ({ ...base('Entry', row, row.id!), state: String(row.accountId) })),
    ...(await all('tick')).map((row) => ({ ...base('Tick', row, row.id!), state: '' })),
    ...(await all('counter')).map((row) => ({ ...base('Counter', row, row.id!), state: String(row.count) })),
    ...(await all('country')).map((row) => ({ ...base('Country', row, row.code!), state: String(row.name) })),
  ];
}

function stateOf(row: Row, entries: readonly Row[]): string {
  const own = entries.filter(({ accountId }) => accountId === row.id);
  const amounts = noEntries.map((_, slot) => own.find(({ id }) => id === `${row.id}/${slot}`)?.amount ?? null);
  return stateText({ stamp: Number(row.stamp), count: Number(row.count), entries: amounts as (number | null)[] });
}
