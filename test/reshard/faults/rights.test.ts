import { randomBytes } from 'node:crypto';
import { ShardedDataSource, type ShardedDataSourceOptions } from '../../../src';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { serverKinds, waitUntil } from '../../database';
import { GROW, NotesCluster, stopOf, WELL } from './fixtures';

const NOTES = 24;
const TABLES = ['note', 'line'];
const SHARDS = ['s1', 's2', 's3'];

describeOn(serverKinds, 'Users with the rights of docs/resharding.md', (kind) => {
  let notes: NotesCluster;
  const suffix = randomBytes(3).toString('hex');
  const [mover, app] = [`mover_${suffix}`, `app_${suffix}`];
  const clusters: ShardedDataSource[] = [];

  /** What is run as the administrator on every shard; `{db}` is its database. */
  const onAll = async (...statements: readonly string[]) => {
    for (const [index, shard] of SHARDS.entries()) {
      const database = String(notes.databases.shards[index]?.options.database);
      for (const statement of statements) await notes.sqlOn(shard, statement.replaceAll('{db}', database));
    }
  };
  const grant = (rights: string, on: string, user: string) =>
    onAll(kind === 'mariadb' ? `GRANT ${rights} ON ${on} TO '${user}'@'%'` : `GRANT ${rights} ON ${on} TO ${user}`);
  const table = (name: string) => (kind === 'mariadb' ? `{db}.${name}` : name);
  /** Users belong to servers, and shards share them. */
  const createUser = async (user: string) => {
    const create =
      kind === 'mariadb' ? `CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY 'secret'` : `CREATE ROLE ${user} LOGIN PASSWORD 'secret'`;
    for (const shard of SHARDS) await notes.sqlOn(shard, create).catch((error: unknown) => ignoreDuplicate(error));
  };
  const as = (user: string): ShardedDataSource => {
    const options = notes.options() as ShardedDataSourceOptions;
    const shards = options.shards.map((shard) => ({ ...(shard as object), username: user, password: 'secret' }));
    const cluster = new ShardedDataSource({ ...options, shards } as unknown as ShardedDataSourceOptions);
    clusters.push(cluster);
    return cluster;
  };

  beforeAll(async () => {
    notes = await NotesCluster.start(kind, { isShared: true });
    await notes.fill(NOTES);
    for (const user of [mover, app]) await createUser(user);
  }, 60_000);

  afterAll(async () => {
    for (const cluster of clusters) await cluster.destroy();
    for (const user of [mover, app]) {
      if (kind === 'postgres') await onAll(`REASSIGN OWNED BY ${user} TO CURRENT_USER`, `DROP OWNED BY ${user}`);
      await onAll(
        kind === 'mariadb'
          ? `DROP USER IF EXISTS '${user}'@'%'`
          : `DO $$ BEGIN DROP ROLE IF EXISTS ${user}; EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END $$`,
      );
    }
    await notes?.stop();
  });

  it('move rows while an application of few rights writes and starts; without the right to make triggers nothing moves', async () => {
    for (const name of TABLES) await grant('SELECT, INSERT, UPDATE, DELETE', table(name), app);
    await grant('SELECT', table('_shard_identity'), app);
    await grant('SELECT, UPDATE', table('_shard_ownership'), app);
    await grant('SELECT', table('_shard_control'), app);
    if (kind === 'mariadb') {
      await grant('CREATE, SELECT, INSERT, UPDATE, DELETE', '{db}.*', mover);
      await grant('PROCESS', '*.*', mover);
    } else {
      await grant('CREATE', 'SCHEMA public', mover);
      const others = ['_shard_identity', '_shard_control', '_shard_ownership', '_shard_log'];
      for (const name of [...TABLES, ...others]) await grant('SELECT, INSERT, UPDATE, DELETE', name, mover);
    }
    const writer = await as(app).initialize();
    const moving = await as(mover).initialize();
    const stopped = await stopOf(await moving.reshard.start(await moving.reshard.plan(GROW)));
    expect(stopped).toMatchObject({
      shard: expect.any(String),
      cause: { code: 'ERR_FENCE_PRIVILEGE', grant: expect.stringContaining('TRIGGER') },
    });
    expect(await notes.unserved(NOTES, 1, writer)).toEqual([]);

    if (kind === 'mariadb') await grant('TRIGGER', '{db}.*', mover);
    else for (const name of TABLES) await onAll(`ALTER TABLE ${name} OWNER TO ${mover}`);
    const run = await moving.reshard.resume();
    await run.pause();
    await waitUntil(() => run.progress.phase === 'moving', { what: 'that it may move' });
    const late = await as(app).initialize();
    await run.continue();
    for (const [index, cluster] of [writer, late].entries()) expect(await notes.unserved(NOTES, 2 + index, cluster)).toEqual([]);
    expect(await run.finished).toMatchObject({ outcome: 'done' });
    for (const [index, cluster] of [writer, late].entries()) expect(await notes.unserved(NOTES, 4 + index, cluster)).toEqual([]);
    expect(await notes.faults()).toEqual(WELL);
  }, 60_000);
});

function ignoreDuplicate(error: unknown): void {
  const { driverCode } = error as { readonly driverCode?: string };
  if (driverCode !== '42710') throw error;
}
