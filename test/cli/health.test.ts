import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { describeOn } from '../cluster/fixtures/describe-on';
import { type PrivateServer, runSql, serverKinds, startServer } from '../database';
import { ended, Project } from './fixtures/project';

jest.setTimeout(180_000);

interface Place {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username?: string;
  readonly password?: string;
}

/** A cluster file over the places, by shard; with options under which opening it would destroy what is there. */
function clusterFile(kind: string, places: Readonly<Record<string, Place>>, name = 'shop'): string {
  const shards = Object.entries(places).map(([shard, place]) => ({ name: shard, ...place }));
  const options = { type: kind, name, synchronize: true, shards };
  return `const { EntitySchema } = require('typeorm');
const { declareSharding, ShardedDataSource } = require('typeorm-sharding');
const User = declareSharding(new EntitySchema({ name: 'User', columns: { guid: { type: String, primary: true } } }), { key: ['guid'] });
const cluster = new ShardedDataSource({ ...${JSON.stringify(options)}, dropSchema: process.env.FOUND !== 'yes', entities: [User] });
exports.cluster = cluster;
if (process.env.FOUND === 'yes') cluster.initialize().then(() => cluster.getRepository(User).insert({ guid: 'ada' })).then(() => cluster.destroy());
`;
}

describeOn(serverKinds, 'health', (kind) => {
  let [first, second]: PrivateServer[] = [];
  let silent: Server;
  let project: Project;
  const at = (server: PrivateServer | undefined, database: string): Place => {
    const { port, username, password } = server as PrivateServer;
    return { host: '127.0.0.1', port, database, username, password };
  };

  beforeAll(async () => {
    [first, second] = await Promise.all([startServer(kind), startServer(kind)]);
    for (const server of [first, second]) await runSql(server as PrivateServer, ['create database one', 'create database two']);
    silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    project = await Project.make(['typeorm', 'mysql2', 'pg']);
    write('cluster', { s1: at(first, 'one'), s2: at(second, 'one') });
  }, 180_000);

  afterAll(async () => {
    silent?.close();
    await Promise.all([first?.stop(), second?.stop()]);
  });

  function write(name: string, places: Readonly<Record<string, Place>>, cluster?: string): void {
    project.write({ [`${name}.cjs`]: clusterFile(kind, places, cluster) });
  }

  async function health(file: string, ...args: readonly string[]) {
    const { code, stdout, stderr } = await project.run('-d', `${file}.cjs`, 'health', '--json', ...args);
    for (const server of [first, second]) expect(stdout + stderr).not.toContain((server as PrivateServer).password);
    return { code, stderr, shards: JSON.parse(stdout).shards as readonly Record<string, unknown>[] };
  }

  it('calls databases new that nothing was written to, and writes nothing itself', async () => {
    for (let round = 0; round < 2; round += 1) {
      expect(await health('cluster')).toEqual({
        code: 0,
        stderr: '',
        shards: ['s1', 's2'].map((shard) => expect.objectContaining({ shard, status: 'up', identity: 'new', differences: [] })),
      });
    }
  });

  it('knows the databases of its cluster again, and leaves their rows', async () => {
    await found('cluster');
    for (let round = 0; round < 2; round += 1) {
      const { code, shards } = await health('cluster');
      expect(code).toBe(0);
      expect(shards.map(({ status, identity }) => [status, identity])).toEqual([
        ['up', 'same'],
        ['up', 'same'],
      ]);
    }
    // The row would be a double if `dropSchema` of the file had not been left alone.
    await expect(found('cluster')).rejects.toThrow(/ER_DUP_ENTRY|23505/);
  });

  it('ends with 3 when databases are swapped, are of another cluster, or are new among known ones', async () => {
    write('swapped', { s1: at(second, 'one'), s2: at(first, 'one') });
    write('replaced', { s1: at(first, 'one'), s2: at(second, 'two') });
    write('renamed', { s1: at(first, 'one'), s2: at(second, 'one') }, 'store');

    const swapped = await health('swapped');
    expect(swapped).toMatchObject({ code: 3, shards: [{ identity: 'different' }, { identity: 'different' }] });
    expect(swapped.shards[0]?.differences).toEqual([expect.stringContaining('holds shard "s2"; are two databases swapped')]);
    expect(await health('replaced')).toMatchObject({ code: 3, shards: [{ identity: 'same' }, { identity: 'different' }] });
    expect(await health('renamed')).toMatchObject({ code: 3, shards: [{ identity: 'different' }, { identity: 'different' }] });
    const { code, stdout } = await project.run('-d', 'swapped.cjs', 'health');
    expect(stdout).toContain('The databases do not belong to this configuration:\n  - the database of shard "s1" holds shard "s2"');
    expect(code).toBe(3);
  });

  it('ends with 1 when one does not answer in time, and still tells of the others', async () => {
    write('silent', { s1: at(first, 'one'), s2: { host: '127.0.0.1', port: (silent.address() as AddressInfo).port, database: 'one' } });
    const { code, shards } = await health('silent', '--timeout', '700');
    expect(code).toBe(1);
    expect(shards).toEqual([
      expect.objectContaining({ shard: 's1', status: 'up', identity: 'same' }),
      expect.objectContaining({ shard: 's2', status: 'down', error: 'ETIMEDOUT No answer within 700 ms.' }),
    ]);
  });

  it('ends with 130 when interrupted while it waits', async () => {
    const child = project.start(['-d', 'silent.cjs', 'health', '--timeout', '60000']);
    const end = ended(child);
    await once(silent, 'connection');
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 130, stdout: '', stderr: 'Interrupted.\n' });
  });

  it('ends with 1 when a password is wrong, without showing it', async () => {
    write('wrong', { s1: { ...at(first, 'one'), password: 'hunter22' } });
    const { code, shards } = await health('wrong');
    expect(code).toBe(1);
    expect(shards[0]).toMatchObject({ status: 'down', error: expect.stringMatching(/ER_ACCESS_DENIED_ERROR|28P01/) });
    expect(JSON.stringify(shards)).not.toContain('hunter22');
  });

  it('ends with 1 when a server is down, and still tells of the other', async () => {
    await (second as PrivateServer).kill('SIGKILL');
    const { code, shards } = await health('cluster');
    expect(code).toBe(1);
    expect(shards).toEqual([
      expect.objectContaining({ shard: 's1', status: 'up', identity: 'same' }),
      expect.objectContaining({ shard: 's2', status: 'down', error: expect.stringContaining('ECONNREFUSED') }),
    ]);
    expect(shards[1]).not.toHaveProperty('identity');
  });

  /** Founds the cluster as an application would, and inserts a row. */
  async function found(file: string): Promise<void> {
    const { code, stderr } = await project.node([`${file}.cjs`], { FOUND: 'yes' });
    if (code !== 0) throw new Error(stderr);
  }
});
