import { Column, Entity, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ReferenceTable, ShardKey } from '../../../src';
import type { ShardDataSource } from '../../../src/cluster';
import { ALL, fenceDialect } from '../../../src/fence';
import {
  chunkBeginning,
  compareReferenceTable,
  copyReferenceTable,
  deleteStretch,
  movableTables,
  openMoverSource,
  readStretches,
  referenceTables,
  writeRows,
} from '../../../src/reshard/rows';
import { HASH_LINE_LENGTH } from '../../../src/routing';
import { startCluster } from '../../cluster/fixtures/clusters';
import { createDatabases, sampledKinds } from '../../database';

@Entity()
@ReferenceTable()
class Rate {
  @PrimaryColumn({ length: 20 }) code!: string;
  @PrimaryColumn() year!: number;
  @Column() value!: string;
}

@Entity()
class Part {
  @PrimaryColumn({ length: 20 }) id!: string;
  @ShardKey() @Column() owner!: string;
  @ManyToOne(() => Part, { onDelete: 'RESTRICT', nullable: true }) parent?: Relation<Part> | null;
}

const whole = { from: 0, upto: HASH_LINE_LENGTH, rules: [ALL] };

describe.each(sampledKinds)('Tables between two members (%s)', (kind) => {
  it('are copied whole where they are for reference, and in order where rows refer to each other', async () => {
    const databases = await createDatabases(kind, 2);
    const cluster = await startCluster(databases, { entities: [Rate, Part], synchronize: true });
    const sources = cluster.shards.map(({ dataSource }) => dataSource as ShardDataSource) as [ShardDataSource, ShardDataSource];
    const movers = await Promise.all(sources.map((source) => openMoverSource(source, { connections: 2 })));
    const runners = movers.map(({ source }) => source.createQueryRunner('master'));
    try {
      const [from, to] = movers.map(({ source }, index) => ({ runner: runners[index]!, table: referenceTables(source)[0]! })) as [
        never,
        never,
      ];
      const q = (name: string) => sources[0].driver.escape(name);
      const insert = (code: string, year: number, value: string) =>
        `INSERT INTO rate (code, ${q('year')}, ${q('value')}) VALUES ('${code}', ${year}, '${value}')`;
      for (let n = 0; n < 23; n += 1) await sources[0].query(insert(`c${n % 4}`, n, `v${n}`));
      for (const sql of [insert('c0', 0, 'old'), insert('a', 1, 'surplus'), insert('z', 1, 'surplus')]) await sources[1].query(sql);
      const kinds = async () => (await compareReferenceTable(from, to, { batchRows: 4 })).map((each) => each.kind).sort();
      expect(await kinds()).toEqual(['different', ...Array(22).fill('missing'), 'surplus', 'surplus']);
      expect(await copyReferenceTable(from, to, { batchRows: 4 })).toEqual({ written: 23, deleted: 2 });
      expect(await kinds()).toEqual([]);
      expect(await copyReferenceTable(from, to)).toEqual({ written: 0, deleted: 0 });

      const part = (id: string, parent: string | null) =>
        `INSERT INTO part (id, owner, ${q('parentId')}, ${q('_shard_position')}) VALUES ('${id}', 'o', ${parent ? `'${parent}'` : 'NULL'}, 7)`;
      for (const sql of [part('z', null), part('m', 'z'), part('a', 'm'), part('k', 'k')]) await sources[0].query(sql);
      const [own, other] = movers.map(({ source }) => movableTables(source, 'Part')) as [never, never];
      const rows = await readStretches(runners[0]!, own, [whole]);
      await runners[1]!.startTransaction();
      await writeRows(runners[1]!, other, rows);
      expect(await deleteStretch(runners[1]!, other, whole, { batchRows: 10 })).toBe(4);
      await runners[1]!.commitTransaction();

      await expectIndex(runners[0]!, own);
    } finally {
      for (const runner of runners) await runner.release();
      for (const mover of movers) await mover.destroy();
      await cluster.destroy();
      await databases.stop();
    }
  }, 60_000);
});

/** Explains what is sent while a chunk is found and read: no table may be scanned. */
async function expectIndex(runner: Parameters<typeof readStretches>[0], tables: Parameters<typeof readStretches>[1]): Promise<void> {
  const dialect = fenceDialect(runner.dataSource);
  const sent: string[] = [];
  const { query } = runner;
  runner.query = ((sql: string, ...rest: []) => {
    sent.push(sql);
    return query.call(runner, sql, ...rest);
  }) as typeof query;
  await chunkBeginning([{ runner, tables }], { from: 1, upto: 9 }, 5);
  await readStretches(runner, tables, [{ ...whole, from: 1, upto: 9 }]);
  runner.query = query;
  expect(sent).toHaveLength(2);
  for (const sql of sent) {
    const plan = JSON.stringify(await runner.query(`EXPLAIN ${dialect === 'sqlite' ? 'QUERY PLAN ' : ''}${sql}`));
    if (dialect === 'postgres') expect(plan).not.toContain('Seq Scan');
    expect(plan).toMatch({ mysql: /"type":"range"/, postgres: /Index.*Scan/, sqlite: /USING (COVERING )?INDEX/ }[dialect]);
  }
}
