import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { ShardedDataSource } from 'typeorm-sharding';
import { Event } from './event';
import { randomNumbers } from './random-numbers';

const ROWS_PER_INSERT = 2_000;
const FIRST_TIME = Date.UTC(2024, 0, 1);
const YEAR_MS = 365 * 24 * 3_600_000;
const COLUMNS = ['guid', 'createdAt', 'name', 'score', 'payload'] as const;
const POSITION_DIGITS = 12;

type EventRow = Readonly<Record<(typeof COLUMNS)[number], string | number>>;

/** Makes rows with about 200 bytes of payload, always the same, and writes each to the one database and to its shard. */
export async function fillEvents(cluster: ShardedDataSource, single: DataSource, count: number): Promise<readonly string[]> {
  const guids: string[] = [];
  const random = randomNumbers(17);
  for (let start = 0; start < count; start += ROWS_PER_INSERT) {
    const rows = Array.from({ length: Math.min(ROWS_PER_INSERT, count - start) }, (_, index) => makeRow(start + index, random));
    guids.push(...rows.map(({ guid }) => String(guid)));
    await Promise.all([insertRows(single, rows, []), ...insertOnShards(cluster, rows)]);
  }
  return guids;
}

function makeRow(index: number, random: () => number): EventRow {
  const hex = createHash('md5').update(`event ${index}`).digest('hex');
  const guid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  const at = new Date(FIRST_TIME + Math.floor(random() * YEAR_MS)).toISOString().slice(0, -1).replace('T', ' ');
  const micros = String(Math.floor(random() * 1_000)).padStart(3, '0');
  return {
    guid,
    createdAt: `${at}${micros}`,
    name: `event ${hex.slice(0, 6)}`,
    score: Math.floor(random() * 1e6),
    payload: hex.repeat(6).slice(0, 190),
  };
}

function insertOnShards(cluster: ShardedDataSource, rows: readonly EventRow[]): readonly Promise<void>[] {
  const column = '_shard_position';
  return cluster.shards.map(({ name, dataSource }) => {
    const own = rows.filter(({ guid }) => cluster.shardFor(Event, String(guid)).name === name);
    return insertRows(dataSource, own, [[column, ({ guid }) => positionOf(String(guid))]]);
  });
}

/** The first 12 hex digits of the key's MD5, as every hashed entity stores it. */
function positionOf(guid: string): number {
  return Number.parseInt(createHash('md5').update(guid).digest('hex').slice(0, POSITION_DIGITS), 16);
}

/** One statement for all rows: TypeORM's own insert takes several times as long, and it is not what is measured. */
async function insertRows(
  dataSource: DataSource,
  rows: readonly EventRow[],
  more: readonly (readonly [column: string, value: (row: EventRow) => number])[],
): Promise<void> {
  if (rows.length === 0) return;
  const names = [...COLUMNS, ...more.map(([column]) => column)].map((name) => `\`${name}\``).join(', ');
  const values = rows.map((row) => [...COLUMNS.map((name) => row[name]), ...more.map(([, value]) => value(row))]);
  await dataSource.query(`INSERT INTO ${dataSource.getMetadata(Event).tablePath} (${names}) VALUES ?`, [values]);
}
