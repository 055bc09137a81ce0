import { existsSync } from 'node:fs';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { createDatabases, databaseKinds, listDatabases, runningServers, serverKinds, type TestDatabases } from '.';

async function connect(databases: TestDatabases, index: number): Promise<DataSource> {
  return new DataSource({ type: databases.type, ...databases.shards[index]!.options } as DataSourceOptions).initialize();
}

async function listAll(): Promise<readonly string[]> {
  return (await Promise.all(runningServers().map(listDatabases))).flat();
}

describe.each(databaseKinds)('createDatabases(%s)', (kind) => {
  it('gives each shard an empty database of its own', async () => {
    const databases = await createDatabases(kind, 4);
    const sources = await Promise.all(databases.shards.map((_, index) => connect(databases, index)));

    for (const source of sources) {
      await source.query('create table same_name_everywhere (id int)');
    }

    expect(databases.shards.map(({ name }) => name)).toEqual(['s1', 's2', 's3', 's4']);
    await Promise.all(sources.map((source) => source.destroy()));
    await databases.stop();
    await databases.stop();
  });
});

describe.each(['sqljs', 'better-sqlite3'] as const)('createDatabases(%s) on disk', (kind) => {
  const runsOnSqlite = databaseKinds.includes(kind);

  it('keeps the rows in a file that stop() deletes', async () => {
    if (!runsOnSqlite) {
      await expect(createDatabases(kind, 1)).rejects.toThrow('narrowed by TEST_DATABASES');
      return;
    }
    const databases = await createDatabases(kind, 2, { onDisk: true });
    const [file] = Object.values(databases.shards[1]!.options) as [string];
    const first = await connect(databases, 1);
    await first.query('create table kept (id int)');
    await first.destroy();
    const second = await connect(databases, 1);

    expect(await second.query('select count(*) as n from kept')).toEqual([{ n: 0 }]);

    await second.destroy();
    expect(existsSync(file)).toBe(true);
    await databases.stop();
    expect(existsSync(file)).toBe(false);
  });
});

for (const kind of serverKinds) {
  describe(`createDatabases(${kind}) on servers`, () => {
    it('uses all of them, under names of this test file', async () => {
      const databases = await createDatabases(kind, 4);
      const ports = new Set(databases.shards.map(({ options }) => options.port));
      const names = databases.shards.map(({ options }) => options.database as string);

      expect(ports.size).toBe(runningServers().filter((server) => server.kind === kind).length);
      expect(await listAll()).toEqual(expect.arrayContaining(names));
      expect(names[0]).toMatch(/^test_create_databases_[0-9a-f]{6}_s1$/);
      await databases.stop();
      expect((await listAll()).filter((name) => names.includes(name))).toEqual([]);
    });

    it('names connections that were left open, and drops the database all the same', async () => {
      const databases = await createDatabases(kind, 1);
      const source = await connect(databases, 0);
      await source.query('select 1');

      await expect(databases.stop()).rejects.toThrow(/connections to test_create_databases_\w+_s1 .* destroy\(\) every data source/);

      expect(await listAll()).not.toContain(databases.shards[0]!.options.database);
      await source.destroy();
    });
  });
}
