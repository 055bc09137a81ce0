import { Entity, PrimaryColumn } from 'typeorm';
import { type ShardedDataSource, ShardKey } from '../../../src';
import type { ShardDataSource } from '../../../src/cluster';
import { ALL, fenceDialect } from '../../../src/fence';
import {
  checksumOf,
  chunkBeginning,
  compareRows,
  deleteStretch,
  type MovableTable,
  type MoverSource,
  movableTables,
  openMoverSource,
  readStretches,
  writeRows,
} from '../../../src/reshard/rows';
import { HASH_LINE_LENGTH } from '../../../src/routing';
import { shardsOf, startCluster } from '../../cluster/fixtures/clusters';
import { createDatabases, sampledKinds, type TestDatabases } from '../../database';
import { ALL_TYPES, BEFORE_TYPES, COMPUTED } from './fixtures/all-types';

@Entity()
class Everything {
  @PrimaryColumn({ length: 40 }) @ShardKey() id!: string;
}

const WHOLE = { from: 0, upto: HASH_LINE_LENGTH, rules: [ALL] };
const ROWS = 20;

describe.each(sampledKinds)('Rows that are copied (%s)', (kind) => {
  let databases: TestDatabases;
  let cluster: ShardedDataSource;
  let plain: ShardDataSource;
  let movers: MoverSource[];
  let columns: string[];

  beforeAll(async () => {
    databases = await createDatabases(kind, 1);
    const shards = shardsOf(databases, { s1: { partitions: [1, 2] } });
    cluster = await startCluster(databases, { entities: [Everything], synchronize: true, shards });
    plain = cluster.shards[0]!.dataSource as ShardDataSource;
    columns = await makeColumns(plain);
    movers = await Promise.all(cluster.shards.map(({ dataSource }) => openMoverSource(dataSource as ShardDataSource, { connections: 2 })));
  }, 120_000);

  afterAll(async () => {
    for (const mover of movers ?? []) await mover.destroy();
    await cluster?.destroy();
    await databases?.stop();
  });

  const tablesOf = (mover: number) => movableTables(movers[mover]!.source, 'Everything');

  const inTransaction = async <T>(
    mover: number,
    work: (runner: ReturnType<ShardDataSource['createQueryRunner']>, tables: readonly MovableTable[]) => Promise<T>,
  ) => {
    const runner = movers[mover]!.source.createQueryRunner('master');
    try {
      await runner.startTransaction();
      const value = await work(runner, tablesOf(mover));
      await runner.commitTransaction();
      return value;
    } finally {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    }
  };
  const read = (mover: number) => inTransaction(mover, (runner, tables) => readStretches(runner, tables, [WHOLE]));

  it('are the same for the database, and its differences are found', async () => {
    const rows = await read(0);
    expect(rows.count).toBe(ROWS + 1);
    await inTransaction(1, (runner, tables) => writeRows(runner, tables, rows));

    expect(await differencesByDatabase(plain, columns)).toEqual([]);
    const copied = await read(1);
    expect(compareRows(rows, copied)).toEqual([]);
    expect(checksumOf(copied)).toBe(checksumOf(rows));

    await plain.query("DELETE FROM everything_p2 WHERE id = 'r1'");
    await plain.query(`UPDATE everything_p2 SET ${plain.driver.escape('c0')} = NULL WHERE id = 'r0'`);
    await plain.query("UPDATE everything_p2 SET id = 'other' WHERE id = 'r2'");
    const found = compareRows(rows, await read(1)).map(({ kind: what, primaryKey, columns: which }) => [
      what,
      primaryKey[0],
      which?.filter((name) => name === 'c0') ?? [],
    ]);
    expect(found).toHaveLength(4);
    expect(found).toEqual(
      expect.arrayContaining([
        ['missing', 'r1', []],
        ['missing', 'r2', []],
        ['surplus', 'other', []],
        ['different', 'r0', ['c0']],
      ]),
    );
    expect(checksumOf(await read(1))).not.toBe(checksumOf(rows));
  }, 60_000);

  it('are counted from above, whole positions at a time, and deleted by rule', async () => {
    const runner = movers[0]!.source.createQueryRunner('master');
    try {
      const members = [{ runner, tables: tablesOf(0) }];
      const stretch = { from: 0, upto: 1_000 };
      expect(await chunkBeginning(members, stretch, 5)).toEqual({ from: ROWS - 4, rows: 5 });
      expect(await chunkBeginning(members, stretch, 100)).toEqual({ from: 0, rows: ROWS + 1 });
      expect(await chunkBeginning(members, { from: 0, upto: ROWS - 1 }, 4)).toEqual({ from: ROWS - 5, rows: 4 });
      await plain.query(`UPDATE everything_p1 SET ${plain.driver.escape('_shard_position')} = 500 WHERE id IN ('r1', 'r2', 'r3')`);
      expect(await chunkBeginning(members, stretch, 2)).toEqual({ from: 500, rows: 3 });
    } finally {
      await runner.release();
    }
    const odd = { ...stretch(0, 400), rules: [{ modulus: 2, residue: 1 }] };
    const deleted = await inTransaction(0, (own, tables) => deleteStretch(own, tables, odd, { batchRows: 3 }));
    const left = await plain.query(`SELECT ${plain.driver.escape('_shard_position')} AS p FROM everything_p1`);
    expect(left.some(({ p }: { p: unknown }) => Number(p) % 2 === 1)).toBe(false);
    expect(deleted + left.length).toBe(ROWS + 1);
    expect(deleted).toBe(8);
  }, 60_000);

  const stretch = (from: number, upto: number) => ({ from, upto });
});

/** Gives both tables a column of each type, which no entity knows, and rows to the first: each value at least once, and NULLs. */
async function makeColumns(source: ShardDataSource): Promise<string[]> {
  const dialect = fenceDialect(source);
  for (const statement of BEFORE_TYPES[dialect]) await source.query(statement);
  const types = ALL_TYPES[dialect];
  const quote = (name: string) => source.driver.escape(name);
  for (const table of ['everything_p1', 'everything_p2']) {
    for (const [index, [type]] of types.entries()) await source.query(`ALTER TABLE ${table} ADD COLUMN ${quote(`c${index}`)} ${type}`);
    for (const [index, type] of COMPUTED[dialect].entries())
      await source.query(`ALTER TABLE ${table} ADD COLUMN ${quote(`g${index}`)} ${type}`);
  }
  const names = types.map((_, index) => quote(`c${index}`));
  const runner = source.createQueryRunner('master');
  try {
    if (dialect === 'mysql')
      await runner.query("SET time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES', character_set_connection = utf8mb4");
    for (let row = 0; row < ROWS; row += 1) {
      const values = types.map(([, ...literals]) => literals[row % literals.length]);
      await runner.query(
        `INSERT INTO everything_p1 (id, ${quote('_shard_position')}, ${names.join(', ')}) VALUES ('r${row}', ${row}, ${values.join(', ')})`,
      );
    }
    await runner.query(`INSERT INTO everything_p1 (id, ${quote('_shard_position')}) VALUES ('null', 50)`);
    if (dialect === 'mysql') await runner.query('SET time_zone = DEFAULT, sql_mode = DEFAULT');
  } finally {
    await runner.release();
  }
  return [...names, ...COMPUTED[dialect].map((_, index) => quote(`g${index}`)), quote('_shard_position')];
}

/** The columns that differ in any row, as the database itself sees them. */
async function differencesByDatabase(source: ShardDataSource, columns: readonly string[]): Promise<readonly string[]> {
  const pairs = 'FROM everything_p1 a LEFT JOIN everything_p2 b ON a.id = b.id WHERE b.id IS NULL OR';
  const count = async (condition: string) => Number((await source.query(`SELECT COUNT(*) AS n ${pairs} ${condition}`))[0].n);
  const dialect = fenceDialect(source);
  if (dialect === 'postgres') return (await count('NOT (a *= b)')) === 0 ? [] : ['some'];
  const same = (c: string) =>
    dialect === 'sqlite'
      ? `a.${c} IS b.${c} AND typeof(a.${c}) = typeof(b.${c}) AND quote(a.${c}) = quote(b.${c}) AND hex(a.${c}) = hex(b.${c})`
      : `a.${c} <=> b.${c} AND HEX(a.${c}) <=> HEX(b.${c}) AND CAST(a.${c} AS BINARY) <=> CAST(b.${c} AS BINARY)`;
  const differing: string[] = [];
  for (const column of columns) if ((await count(`NOT (${same(column)})`)) > 0) differing.push(column);
  return differing;
}
