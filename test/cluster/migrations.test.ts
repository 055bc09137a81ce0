import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { createDatabases, sampledKinds, type TestDatabases } from '../database';
import { shardsOf, startCluster } from './fixtures/clusters';
import { someUsers, User } from './fixtures/entities';

jest.setTimeout(30_000);

const ran: string[] = [];

const ignore = () => {};
// TypeORM logs a migration that fails, whatever `logging` says.
const silent = { log: ignore, logQuery: ignore, logQueryError: ignore, logQuerySlow: ignore, logSchemaBuild: ignore, logMigration: ignore };

/** Takes the table's name from the metadata, as migrations for partitions have to. */
class MakeUsers1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const metadata = runner.dataSource.getMetadata(User);
    ran.push(metadata.tableName);
    const columns = metadata.columns.map((column) => ({
      name: column.databaseName,
      type: runner.dataSource.driver.normalizeType(column),
      length: column.type === String ? '100' : '',
      isPrimary: column.isPrimary,
      // Keys have to compare byte for byte; the metadata says how.
      ...(column.collation && { charset: column.charset ?? '', collation: column.collation }),
    }));
    await runner.createTable(new Table({ name: metadata.tablePath, columns }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable(runner.dataSource.getMetadata(User).tablePath);
  }
}

class FailsOnce1700000000002 implements MigrationInterface {
  static isBroken = true;

  async up(runner: QueryRunner): Promise<void> {
    if (FailsOnce1700000000002.isBroken && runner.dataSource.getMetadata(User).tableName === 'user_p2') {
      await runner.query('SELECT nonsense FROM nowhere');
    }
  }

  async down(): Promise<void> {}
}

describe.each(sampledKinds)('Migrations of a cluster (%s)', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    ran.length = 0;
    databases = await createDatabases(kind, 2, { onDisk: true });
  });

  afterEach(() => databases.stop());

  const start = (more: object) =>
    startCluster(databases, {
      entities: [User],
      migrationsRun: true,
      logger: silent,
      shards: shardsOf(databases, { s1: { partitions: [1, 2] } }),
      ...more,
    });

  it('run once on every shard and partition, each with a table of migrations of its own', async () => {
    await using cluster = await start({ migrations: [MakeUsers1700000000001] });
    await cluster.getRepository(User).save([...someUsers]);
    expect(ran.sort()).toEqual(['user', 'user_p1', 'user_p2']);
    expect(await cluster.getRepository(User).count()).toBe(someUsers.length);
    const tables = cluster.shards.map(({ dataSource }) => `${dataSource.options.migrationsTableName ?? 'migrations'}`);
    expect(tables).toEqual(['migrations_p1', 'migrations_p2', 'migrations']);
    for (const [index, { name }] of cluster.shards.entries()) {
      const [answer] = await cluster.query(`SELECT name FROM ${tables[index]}`, [], { shards: [name] });
      expect(answer?.result).toEqual([{ name: 'MakeUsers1700000000001' }]);
    }
    await cluster.destroy();

    await using again = await start({ migrations: [MakeUsers1700000000001] });

    expect(ran).toHaveLength(3);
    expect(await again.getRepository(User).count()).toBe(someUsers.length);
  });

  it('that fail on one shard name it, and run there at the next start', async () => {
    const migrations = [MakeUsers1700000000001, FailsOnce1700000000002];
    FailsOnce1700000000002.isBroken = true;

    await expect(start({ migrations })).rejects.toMatchObject({ code: 'ERR_SHARD_FAILED', shard: 's1:2' });

    FailsOnce1700000000002.isBroken = false;
    await using cluster = await start({ migrations });
    await cluster.getRepository(User).save([...someUsers]);
    expect(await cluster.getRepository(User).count()).toBe(someUsers.length);
  });
});
