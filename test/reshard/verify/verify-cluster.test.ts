import type { ShardedDataSource } from '../../../src';
import type { ShardDataSource } from '../../../src/cluster';
import { ControlTablesError } from '../../../src/errors';
import { disarm } from '../../../src/fence';
import { fencedGroups } from '../../../src/reshard/fenced-groups';
import { checkProvisioned, provisionCluster } from '../../../src/reshard/provision-cluster';
import { verifyCluster } from '../../../src/reshard/verify';
import { createDatabases, sampledKinds, type TestDatabases } from '../../database';
import { caseOn } from '../../long-run';
import { Country, startThree } from '../fixtures';

describe.each(sampledKinds)('verifyCluster on %s', (kind) => {
  let databases: TestDatabases;
  let cluster: ShardedDataSource;

  beforeEach(async () => {
    databases = await createDatabases(kind, 3);
    cluster = await startThree(databases, undefined, { resharding: { guard: 'always' } });
    await provisionCluster(cluster.live);
    await cluster.getRepository(Country).insert({ code: 'a', people: 1 });
  });

  afterEach(async () => {
    await cluster.destroy();
    await databases.stop();
  });

  const sqlOn = (shard: string, sql: string) => cluster.query(sql, [], { shards: [shard] });
  const kinds = async () => (await verifyCluster(cluster.live)).faults.map((fault) => `${fault.shard} ${fault.kind}`);

  caseOn(kind, 0)('finds nothing when all is as provisioned, also when it is provisioned again', async () => {
    await provisionCluster(cluster.live);
    await checkProvisioned(cluster.core);
    expect(await verifyCluster(cluster.live)).toEqual({ isWell: true, version: cluster.live.current.version, faults: [], references: [] });
  });

  caseOn(kind, 1)('finds rows of ownership that say otherwise than the topology', async () => {
    const group = cluster.driver.escape('group');
    await sqlOn('s3', `UPDATE _shard_ownership SET version = 99 WHERE ${group} = 'Topic'`);
    await sqlOn('s2', `DELETE FROM _shard_ownership WHERE ${group} = 'Owner' AND since = 0`);
    await sqlOn('s1', `UPDATE _shard_ownership SET old_residue = 1, new_residue = 1 WHERE ${group} = 'Topic'`);
    expect(await kinds()).toEqual(['s1 ownership', 's2 ownership', 's3 ownership']);
  });

  caseOn(kind, 2)('finds a guard that is gone, and the start refuses it', async () => {
    await disarm(cluster.shard('s2').dataSource as ShardDataSource, fencedGroups(cluster.live.current));
    expect(new Set(await kinds())).toEqual(new Set(['s2 guards']));
    await expect(checkProvisioned(cluster.core)).rejects.toThrow(ControlTablesError);
    await provisionCluster(cluster.live);
    expect(await kinds()).toEqual([]);
  });

  caseOn(kind, 3)('refuses to start on control tables of another version', async () => {
    await sqlOn('s2', 'UPDATE _shard_control SET schema_version = 7');
    await expect(checkProvisioned(cluster.core)).rejects.toThrow('they have version 7');
  });

  caseOn(kind, 4)('finds an identity of another shard', async () => {
    await sqlOn('s2', "UPDATE _shard_identity SET shard = 'other'");
    expect(await kinds()).toEqual(['s2 identity']);
  });

  caseOn(kind, 5)('finds reference rows that differ, and names them only when asked', async () => {
    await sqlOn('s2', "UPDATE country SET people = 2 WHERE code = 'a'");
    await sqlOn('s2', "INSERT INTO country (code, people) VALUES ('b', 1)");
    const report = await verifyCluster(cluster.live);
    expect(report.references).toEqual([{ shard: 's2', table: 'country', missing: 0, surplus: 1, different: 1 }]);
    const named = await verifyCluster(cluster.live, { primaryKeys: true });
    expect(named.references[0]?.rows?.map(({ kind: what, primaryKey }) => [what, ...primaryKey]).sort()).toEqual([
      ['different', 'a'],
      ['surplus', 'b'],
    ]);
    expect(JSON.stringify(named.faults)).not.toContain('"a"');
  });
});
