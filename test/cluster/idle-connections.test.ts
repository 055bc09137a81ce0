import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShardedDataSource, sqlTopology } from '../../src';
import { createDatabases, serverKinds, waitUntil } from '../database';
import { Topic } from '../reshard/move/fixtures/entities';
import { countAllConnections, optionsFor } from './fixtures/clusters';
import { describeOn } from './fixtures/describe-on';

const FOREVER = { mariadb: 'SET SESSION wait_timeout = 28800', postgres: 'SET idle_session_timeout = 0' };

describeOn(serverKinds, 'A pool of a cluster with a shared topology', (kind) => {
  it('closes every idle connection by itself, before the server does', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'idle-'));
    const databases = await createDatabases(kind, 1);
    const topology = sqlTopology({ type: 'better-sqlite3', database: join(directory, `${randomUUID()}.sqlite`), cluster: 'default' });
    const options = optionsFor(databases, { entities: [Topic], topology, resharding: { idleTimeoutMs: 1_000 }, poolSize: 3 });
    const cluster = await new ShardedDataSource(options).initialize();
    try {
      const { dataSource } = cluster.shard('s1');
      const runners = [1, 2, 3].map(() => dataSource.createQueryRunner('master'));
      // The server does not end these.
      for (const runner of runners) await runner.query(FOREVER[kind]);
      expect(await countAllConnections(databases)).toBeGreaterThanOrEqual(3);
      for (const runner of runners) await runner.release();
      await waitUntil(async () => (await countAllConnections(databases)) === 0, {
        what: 'the connections to be closed',
        deadlineMs: 8_000,
      });
      expect(await dataSource.query('SELECT 1 AS one')).toHaveLength(1);
    } finally {
      await cluster.destroy();
      await databases.stop();
      rmSync(directory, { recursive: true });
    }
  });
});
