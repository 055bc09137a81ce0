import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Project } from './fixtures/project';

jest.setTimeout(120_000);

/** A cluster of files, with the topology in one of its own; `options` is the text of further options. */
function clusterFile(options = "topology: sqlTopology({ type: 'sqljs', location: 'topology.sqlite', autoSave: true })"): string {
  return `const { EntitySchema } = require('typeorm');
const { declareSharding, ShardedDataSource, sqlTopology } = require('typeorm-sharding');
const User = declareSharding(new EntitySchema({ name: 'User', columns: { guid: { type: String, primary: true } } }), { key: ['guid'] });
exports.cluster = new ShardedDataSource({
  type: 'sqljs', name: 'shop', autoSave: true, entities: [User], synchronize: true,
  shards: ['s1', 's2', { name: 's3', weight: 0 }].map((shard) => typeof shard === 'string' ? { name: shard, location: shard + '.sqlite' } : { ...shard, location: 's3.sqlite' }),
  ${options}
});
`;
}

describe('The command line, on a cluster with a shared topology', () => {
  let project: Project;

  beforeAll(async () => {
    project = await Project.make(['typeorm', 'sql.js']);
    project.write({
      'cluster.cjs': clusterFile(),
      'alone.cjs': clusterFile(''),
      'dropping.cjs': clusterFile('dropSchema: true'),
    });
  });

  it('says before the first start that nothing is moving', async () => {
    const { code, stdout } = await project.run('-d', 'cluster.cjs', 'reshard', 'status', '--json');
    expect({ code, answer: JSON.parse(stdout) }).toEqual({ code: 0, answer: { version: null, moving: null, clients: [] } });
  });

  it('makes the control tables, once and again', async () => {
    for (let round = 0; round < 2; round += 1) {
      const { code, stdout, stderr } = await project.run('-d', 'cluster.cjs', 'provision');
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'The control tables are on s1, s2, s3.\n', stderr: '' });
    }
    expect(await tables('s3.sqlite')).toEqual(expect.arrayContaining(['_shard_ownership']));
  });

  it('shows the version of the topology, and that a shard without weight owns nothing', async () => {
    await project.run('-d', 'cluster.cjs', 'provision');
    const { code, stdout } = await project.run('-d', 'cluster.cjs', 'topology', 'show');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Cluster shop \(sqljs\) of 3 shard\(s\), topology version \d+\n/);
    expect(stdout).toMatch(/\ns3 +0\.00 %\n/);
    const { moving, version } = JSON.parse((await project.run('-d', 'cluster.cjs', 'topology', 'show', '--json')).stdout);
    expect({ moving, version }).toEqual({ moving: null, version: 1 });
  });

  it.each([
    [['reshard', 'start'], 'Nothing shall change. Give --add, --remove or --reweigh.'],
    [['reshard', 'plan'], 'Nothing shall change.'],
    [['reshard', 'start', '--reweigh', 's2'], '--reweigh is the name of a shard and a number above 0'],
    [['reshard', 'start', '--reweigh', 's2=0'], '--reweigh is the name of a shard and a number above 0'],
    [['reshard', 'start', '--add', 's3', '--chunk-rows', '0'], '--chunk-rows is a whole number from 1 to 10000.'],
    [['reshard', 'resume', '--workers', '65'], '--workers is a whole number from 1 to 64.'],
    [['reshard', 'start', '--add', 's3', '--max-rows-per-second', '1.5'], '--max-rows-per-second is a whole number'],
    [['reshard', 'start', '--add', 's3'], 'This is no terminal on which to ask: give --yes.'],
    [['reshard', 'cancel'], 'give --yes'],
    [['reshard', 'reverse'], 'give --yes'],
    [['reshard', 'strat'], "unknown command 'strat'\n(Did you mean start?)"],
  ])('refuses %j before anything is done', async (args, message) => {
    const { code, stdout, stderr } = await project.run('-d', 'cluster.cjs', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('refuses with one document on one line where documents are lines', async () => {
    const { code, stdout } = await project.run('-d', 'cluster.cjs', 'reshard', 'start', '--add', 's3', '--json');
    expect(code).toBe(2);
    expect(stdout).toMatch(/^\{"error":\{"code":"ERR_USAGE","message":"With --json nothing is asked: give --yes."\}\}\n$/);
  });

  it.each([['start', '--add', 's3', '--yes'], ['resume'], ['pause'], ['continue'], ['cancel', '--yes'], ['reverse', '--yes']])(
    'does not move rows of a cluster whose topology no other process sees: reshard %s',
    async (...args) => {
      const { code, stderr } = await project.run('-d', 'alone.cjs', 'reshard', ...args);
      expect(code).toBe(2);
      expect(stderr).toContain('The cluster has memoryTopology(), which other processes do not see.');
    },
  );

  it.each([['provision'], ['audit'], ['verify'], ['reshard', 'plan', '--add', 's3']])(
    'opens no cluster that would drop its tables: %s %s',
    async (...args) => {
      const { code, stderr } = await project.run('-d', 'dropping.cjs', ...args);
      expect(code).toBe(2);
      expect(stderr).toContain('opening it would drop every table');
    },
  );

  async function tables(file: string): Promise<readonly string[]> {
    expect(existsSync(join(project.folder, file))).toBe(true);
    const script = `require('sql.js')().then(({ Database }) => {
      const [{ values }] = new Database(require('fs').readFileSync('${file}')).exec("select name from sqlite_master where type = 'table'");
      console.log(JSON.stringify(values.flat()));
    });`;
    const { stdout } = await project.node(['-e', script]);
    return JSON.parse(stdout);
  }
});
