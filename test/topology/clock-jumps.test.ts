import { DataSource, type DataSourceOptions } from 'typeorm';
import { type SqlTopologyOptions, sqlTopology, type TopologyStore } from '../../src/topology';
import { describeOn } from '../cluster/fixtures/describe-on';
import { createDatabases, databaseKinds, type TestDatabases, waitUntil } from '../database';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
const CLIENTS = '_shard_topology_clients';

describeOn(kinds, 'A store whose clock jumps by weeks', (kind) => {
  let databases: TestDatabases;
  let beside: DataSource;
  const stores: TopologyStore[] = [];

  beforeEach(async () => {
    databases = await createDatabases(kind, 1, { onDisk: kind === 'better-sqlite3' });
    beside = await new DataSource({ type: databases.type, ...databases.shards[0]?.options } as DataSourceOptions).initialize();
  });

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.destroy();
    await beside.destroy();
    await databases.stop();
  });

  const open = () => {
    const store = sqlTopology({ type: databases.type, ...databases.shards[0]?.options } as SqlTopologyOptions);
    stores.push(store);
    return store;
  };
  const countRows = async () => (await beside.query(`SELECT id FROM ${CLIENTS}`)).length;

  it('forgets no client that lives, and those that are silent as well', async () => {
    const [one, other] = [open(), open()];
    await one.heartbeat({ id: 'lives', version: 1, connected: [] });
    await beside.query(`UPDATE ${CLIENTS} SET seen = seen - 2000000`);
    expect((await other.liveClients(300)).map(({ id }) => id)).toEqual(['lives']);
    expect(await countRows()).toBe(1);
    await waitUntil(async () => (await other.liveClients(300)).length === 0, { what: 'that it counts as silent' });
    expect(await countRows()).toBe(0);
  });
});
