import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as mysql2 from 'mysql2';
import { Pool } from 'pg';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ReferenceTable, ShardedDataSource, ShardKey, type ShardOptions } from '../../src';
import { resolveClusterOptions } from '../../src/cluster';
import { CANCEL_GRACE_MS } from '../../src/cluster/statement-canceller';
import { describeOn } from '../cluster/fixtures/describe-on';
import { runningServers, serverKinds } from '../database';
import { runSql } from '../database/servers';
import { currentTestRun } from '../database/test-run';
import { root } from './markdown';

const document = readFileSync(join(root, 'docs/production.md'), 'utf8');
const source = (path: string) => readFileSync(join(root, 'src', path), 'utf8');

/** The cells of the rows whose first cell is given, after it. */
const cellsOf = (first: string) =>
  document.split('\n').flatMap((line) =>
    line.startsWith(`| ${first} |`)
      ? [
          line
            .split('|')
            .slice(2, -1)
            .map((cell) => cell.trim()),
        ]
      : [],
  );

/** The default that the document states for something. */
const stated = (first: string) => cellsOf(first)[0]?.[0];

@Entity()
class User {
  @PrimaryColumn() @ShardKey() guid!: string;
  @Column() name!: string;
}

@Entity()
@ReferenceTable()
class Country {
  @PrimaryColumn() code!: string;
}

describe('The numbers of docs/production.md', () => {
  it('are those of the library', () => {
    const options = { type: 'mysql' as const, entities: [User], shards: ['a', 'b', 'c'].map((name) => ({ name, database: name })) };
    const { connections } = new ShardedDataSource(options);
    expect(stated('`maxConnections`')).toBe(String(connections.max));
    expect(stated('`poolSize`')).toBe(String(connections.total / 3));
    expect(document).toContain(`\`concurrency\`, ${resolveClusterOptions(options).concurrency} by default`);
    expect(stated('a server to end what was cancelled')).toBe(`${CANCEL_GRACE_MS.toLocaleString('en')} ms`);
    expect(stated('`cluster.health()`')).toBe('2,000 ms');
    expect(source('data-source/sharded-data-source.ts')).toContain('options.timeoutMs ?? 2_000');
    expect(stated('another transaction on an embedded database')).toBe('60,000 ms');
    expect(source('cluster/embedded-lock.ts')).toContain('BUSY_TIMEOUT_MS = 60_000');
    expect(source('cluster/connection-budget.ts')).toContain('SMALLEST_POOL = 2');
  });

  it('are those of the drivers', async () => {
    const { ConnectionConfig } = mysql2 as unknown as { ConnectionConfig: new (options: object) => { readonly connectTimeout: number } };
    expect(stated('connect, MariaDB and MySQL')).toBe(`${new ConnectionConfig({}).connectTimeout.toLocaleString('en')} ms`);
    const pool = new Pool();
    expect(stated('connect, PostgreSQL')).toBe(pool.options.connectionTimeoutMillis ? undefined : 'none');
    expect(stated('`poolSize`')).toBe(String(pool.options.max));
    await pool.end();
  });

  it('add up in the example of pools', () => {
    const example =
      /(\d+) processes, (\d+) databases and a pool of (\d+) make (\d+) connections a process, (\d+) in all, and (\d+) on each database, or (\d+) when/;
    const numbers = example.exec(document.replace(/\n/g, ' '))!.slice(1).map(Number);
    const [processes, databases, size, ...sums] = numbers as [number, number, number, ...number[]];
    expect(sums).toEqual([databases * size, processes * databases * size, processes * size, processes * (size + 1)]);
  });
});

describeOn(serverKinds, 'The numbers of docs/production.md', (kind) => {
  const variables = ['max_connections', 'max_statement_time', 'statement_timeout', 'max_sort_length'];
  const rows = variables.map((name) => [name, cellsOf(`\`${name}\``)[0]![kind === 'mariadb' ? 0 : 1]!] as const);

  it.each(rows.filter(([, value]) => value !== ''))('are what the server says of itself: %s is %s', async (name, value) => {
    const server = runningServers().find((each) => each.kind === kind)!;
    const query =
      kind === 'mariadb'
        ? `SELECT DEFAULT_VALUE AS value FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME = '${name}'`
        : `SELECT boot_val AS value FROM pg_settings WHERE name = '${name}'`;
    const [row] = await runSql(server, [query]);
    expect(Number(row!.value)).toBe(Number(value));
  });
});

describe('What docs/production.md says of growing', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(currentTestRun().files, 'grow-'));
    for (const server of ['old', 'new']) mkdirSync(join(folder, server));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const at = (server: string, name: string, more: Partial<ShardOptions> = {}) =>
    ({ name, location: join(folder, server, name), autoSave: true, ...more }) as ShardOptions;

  async function started<T>(shards: readonly ShardOptions[], work: (cluster: ShardedDataSource) => Promise<T>): Promise<T> {
    const cluster = new ShardedDataSource({ type: 'sqljs', entities: [User, Country], synchronize: true, shards });
    await cluster.initialize();
    return work(cluster).finally(() => cluster.destroy());
  }

  const people = ['ada', 'bob', 'eve', 'dan'].map((guid) => ({ guid, name: guid }));

  it('lets a whole shard move to another server', async () => {
    const before = [at('old', 'shard-1'), at('old', 'shard-2')];
    await started(before, (cluster) => cluster.getRepository(User).save(people));
    copyFileSync(join(folder, 'old/shard-2'), join(folder, 'new/shard-2'));
    rmSync(join(folder, 'old/shard-2'));

    const guids = people.map(({ guid }) => guid);
    const found = await started([at('old', 'shard-1'), at('new', 'shard-2')], (cluster) => {
      expect(new Set(guids.map((guid) => cluster.shardFor(User, guid).name)).size).toBe(2);
      return Promise.all(guids.map((guid) => cluster.getRepository(User).findOneBy({ guid })));
    });
    expect(found.map((user) => user?.guid)).toEqual(guids);
  });

  it('lets a shard of weight 0 join, which is written copies of reference tables and not read from', async () => {
    const before = [at('old', 'shard-1'), at('old', 'shard-2')];
    await started(before, (cluster) => cluster.getRepository(Country).save({ code: 'de' }));

    await started([...before, at('new', 'shard-3', { weight: 0 })], async (cluster) => {
      const countries = cluster.getRepository(Country);
      for (let read = 0; read < 4; read += 1) expect(await countries.count()).toBe(1);
      expect(await countries.onShard('shard-3').count()).toBe(0);
      await countries.save({ code: 'fr' });
      expect(await countries.onShard('shard-3').count()).toBe(1);
    });
  });

  it('keeps an empty database out of the place of a lost one', async () => {
    await started([at('old', 'shard-1'), at('old', 'shard-2')], (cluster) => cluster.getRepository(User).save(people));
    await expect(started([at('old', 'shard-1'), at('new', 'shard-2')], async () => undefined)).rejects.toMatchObject({
      code: 'ERR_IDENTITY',
    });
  });
});
