import type { DataSource } from 'typeorm';
import { type DatabaseKind, sampledKinds } from '../database';
import { Account, Note } from './fixtures/account';
import { expectedPosition, storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

const row = (key: string) => ({ key, name: 'n', score: 1, level: 1 });

describe.each(sampledKinds)('The position of a row (%s)', (kind) => {
  let test: TestCluster;

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note], ordinary: true, options: { positionColumn: 'place' } });
  });
  afterEach(() => test?.stop());

  async function expectPlaces(entity: typeof Account | typeof Note, keys: readonly string[]): Promise<void> {
    const rows = await storedRows(test.cluster, entity);
    const found = rows.map(({ row: stored }) => [String(stored.key ?? stored.accountKey), String(stored.place)]);
    expect(found.sort()).toEqual(keys.map((key) => [key, expectedPosition(key)]).sort());
  }

  it('is written by every call that writes a row', async () => {
    const accounts = test.cluster.getRepository(Account);
    await accounts.save(accounts.create(row('entity')));
    await accounts.save(row('plain object'));
    await accounts.save([row('array 1'), row('array 2')]);
    await accounts.insert(row('insert'));
    await accounts.insert([row('inserts 1'), row('inserts 2')]);
    await accounts.upsert(row('upsert'), ['key']);
    await accounts.upsert([row('upsert'), row('upserts')], ['key']);
    await test.cluster.transaction((manager) => manager.save(Account, row('transaction')));
    await accounts.forKey('builder').createQueryBuilder().insert().values(row('builder')).execute();
    await accounts.save({ ...row('cascade'), notes: [{ id: 'c', text: 't' }] });
    await test.cluster.getRepository(Note).save({ id: 'd', text: 't', account: { key: 'cascade' } });
    await test.cluster.getRepository(Note).insert({ id: 'e', text: 't', accountKey: 'cascade' });

    const keys = [
      'entity',
      'plain object',
      'array 1',
      'array 2',
      'insert',
      'inserts 1',
      'inserts 2',
      'upsert',
      'upserts',
      'transaction',
      'builder',
    ];
    await expectPlaces(Account, [...keys, 'cascade']);
    await expectPlaces(Note, ['cascade', 'cascade', 'cascade']);
  });

  it('stays when the row is updated in any way', async () => {
    const accounts = test.cluster.getRepository(Account);
    const saved = await accounts.save(row('kept'));
    await accounts.save({ ...saved, name: 'saved' });
    await accounts.update('kept', { name: 'updated' });
    await accounts.updateAll({ name: 'all' });
    await accounts.increment({ key: 'kept' }, 'score', 1);
    await accounts.softDelete('kept');
    await accounts.restore('kept');

    await expectPlaces(Account, ['kept']);
  });

  it('shows neither on entities nor in results', async () => {
    const accounts = test.cluster.getRepository(Account);
    const saved = await accounts.save(accounts.create({ ...row('hidden'), notes: [{ id: 'h', text: 't' }] }));
    const inserted = await accounts.insert(row('hidden too'));
    const shown = [
      saved,
      inserted.identifiers,
      inserted.generatedMaps,
      await accounts.find({ relations: { notes: true } }),
      await accounts.findOneBy({ key: 'hidden' }),
      await accounts.preload({ key: 'hidden', name: 'preloaded' }),
      await accounts.forKey('hidden').createQueryBuilder('a').getRawMany(),
      accounts.create(row('x')),
      accounts.metadata.columns.map(({ propertyName }) => propertyName),
    ];

    for (const each of shown) expect(JSON.stringify(each)).not.toContain('place');
    expect(Object.getOwnPropertyNames(saved)).not.toContain('place');
    expect(test.ordinary.getMetadata(Account).columns.map(({ propertyName }) => propertyName)).not.toContain('place');
    await test.ordinary.getRepository(Account).save(row('elsewhere'));
  });

  it('is indexed together with the primary key, and never null', async () => {
    for (const { dataSource } of test.cluster.shards) {
      const runner = dataSource.createQueryRunner();
      const table = await runner.getTable('account');
      await runner.release();
      expect(await indexedColumns(kind, dataSource)).toContain('place,key');
      expect(table?.findColumnByName('place')).toMatchObject({ isNullable: false });
      await expect(dataSource.query(`INSERT INTO account VALUES ('raw', 'n', 1, 1, NULL, NULL)`)).rejects.toThrow();
    }
  });
});

/** The columns of each index of the table in their order, as the database says; TypeORM does not keep the order on PostgreSQL. */
async function indexedColumns(kind: DatabaseKind, dataSource: DataSource): Promise<readonly string[]> {
  const statements: Record<DatabaseKind, string> = {
    sqljs: sqliteIndices,
    'better-sqlite3': sqliteIndices,
    mariadb:
      "SELECT GROUP_CONCAT(column_name ORDER BY seq_in_index) AS c FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'account' GROUP BY index_name",
    postgres: `SELECT string_agg(a.attname, ',' ORDER BY k.place) AS c FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE i.indrelid = 'account'::regclass GROUP BY i.indexrelid`,
  };
  const rows: readonly { readonly c: string }[] = await dataSource.query(statements[kind]);
  return rows.map(({ c }) => c);
}

const sqliteIndices =
  "SELECT (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) AS c FROM pragma_index_list('account') AS l";
