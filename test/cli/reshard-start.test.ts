import { once } from 'node:events';
import { ended, Project } from './fixtures/project';

jest.setTimeout(240_000);

const cluster = `const { EntitySchema } = require('typeorm');
const { declareSharding, ShardedDataSource, sqlTopology } = require('typeorm-sharding');
const User = declareSharding(new EntitySchema({ name: 'User', columns: { guid: { type: String, primary: true } } }), { key: ['guid'] });
exports.cluster = new ShardedDataSource({
  type: 'sqljs', name: 'shop', autoSave: true, entities: [User], synchronize: true,
  shards: [{ name: 's1', location: 's1.sqlite' }, { name: 's2', location: 's2.sqlite' }, { name: 's3', weight: 0, location: 's3.sqlite' }],
  topology: sqlTopology({ type: 'sqljs', location: 'topology.sqlite', autoSave: true }),
  resharding: { routeLeaseMs: 1000, refreshMs: 100, idleTimeoutMs: 1000, graceMs: 2000, disarmMarginMs: 0 },
});
`;
const fill = `const { cluster } = require('./cluster.cjs');
cluster.initialize().then(async () => {
  await cluster.getRepository('User').save(Array.from({ length: 900 }, (_, index) => ({ guid: 'user-' + index })));
  await cluster.destroy();
});`;
/** Puts a row of one shard on another, too, past the library. */
const damage = `const { cluster } = require('./cluster.cjs');
cluster.initialize().then(async () => {
  const [[row]] = [await cluster.shard('s1').dataSource.query('select * from user limit 1')];
  const names = Object.keys(row);
  const source = cluster.shard('s2').dataSource;
  for (const { name } of await source.query("select name from sqlite_master where type = 'trigger'")) await source.query('drop trigger "' + name + '"');
  await source.query('insert into user (' + names.join(', ') + ') values (' + names.map(() => '?').join(', ') + ')', Object.values(row));
  await cluster.destroy();
});`;

describe('A move from the command line', () => {
  let project: Project;

  beforeAll(async () => {
    project = await Project.make(['typeorm', 'sql.js']);
    project.write({ 'cluster.cjs': cluster, 'fill.cjs': fill, 'damage.cjs': damage });
    expect(await project.node(['fill.cjs'])).toMatchObject({ code: 0, stderr: '' });
    expect(await run('provision')).toMatchObject({ code: 0 });
  });

  const run = (...args: readonly string[]) => project.run('-d', 'cluster.cjs', ...args);

  it('is planned, interrupted, gone on with, and proved by an audit', async () => {
    const plan = JSON.parse((await run('reshard', 'plan', '--add', 's3', '--json')).stdout);
    expect(plan).toMatchObject({ title: 'add s3', rows: expect.any(Number) });

    const child = project.start(['-d', 'cluster.cjs', 'reshard', 'start', '--add', 's3', '--chunk-rows', '10', '--yes', '--json']);
    const end = ended(child);
    for (let text = ''; !/"phase":"moving","movedRows":[1-9]/.test(text); ) text += (await once(child.stdout!, 'data'))[0];
    child.kill('SIGINT');
    const interrupted = await end;
    const lines = interrupted.stdout.trimEnd().split('\n');
    expect(interrupted.code).toBe(130);
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['plan', ...lines.slice(2).map(() => 'progress'), 'interrupted']);
    expect(JSON.parse(lines.at(-1)!).resume).toBe('typeorm-sharding -d cluster.cjs reshard resume');

    expect((await run('topology', 'show')).stdout).toMatch(/\nPlan +add s3 \(.+\)\nphase +moving: moving rows\n/);
    expect(await run('reshard', 'start', '--add', 's3', '--yes')).toMatchObject({ code: 1, stderr: expect.stringContaining('refused') });

    const resumed = await run('reshard', 'resume');
    expect(resumed.code === 0 ? '' : resumed.stderr).toBe('');
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^outcome +done\n/) });
    expect(await run('reshard', 'status')).toMatchObject({ code: 0, stdout: 'Nothing is moving.\n' });

    const audit = await run('audit', '--json');
    expect({ code: audit.code, report: JSON.parse(audit.stdout) }).toMatchObject({
      code: 0,
      report: { rows: 900, isWell: true, departures: 0 },
    });
    expect(await project.node(['damage.cjs'])).toMatchObject({ code: 0, stderr: '' });
    expect(await run('audit')).toMatchObject({ code: 3, stdout: expect.stringContaining('not every one where it should be.\n') });
  });
});
