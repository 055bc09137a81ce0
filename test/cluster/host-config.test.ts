import { createHash } from 'node:crypto';
import { fromHostConfig, type HostConfig, type HostConfigOptions, ShardedDataSource } from '../../src';
import { createDatabases, serverKinds, type TestDatabases } from '../database';
import { UserHomeLayout } from '../repository/layout/layouts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
/** The keys of the published experiment. */
const keys = Array.from({ length: 10_000 }, (_, index) => md5(String(index)));

const account = { db: 'app', user: 'app', passwd: 'secret' };
const [local, second, third]: readonly HostConfig[] = [
  { ...account, host: 'localhost', port: 3306 },
  { ...account, host: '10.10.140.27', port: 3306 },
  { ...account, host: '10.10.116.88', port: 3306 },
];

/** How many of the keys each member gets from a ring written down by the book: whole digests, and a walk along all nodes. */
function countsByHand(members: readonly string[]): Record<string, number> {
  const nodes = members.flatMap((member) => Array.from({ length: 160 }, (_, node) => ({ member, digest: md5(`${member}:${node}`) })));
  nodes.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return countBy(keys, (key) => {
    const position = md5(key);
    return (nodes.find(({ digest }) => digest > position) ?? nodes[0]!).member;
  });
}

/** How many of the keys each shard of a cluster owns; nothing is opened, because the shards are lazy. */
async function countsOfCluster(hosts: readonly HostConfig[], naming: HostConfigOptions['naming']): Promise<Record<string, number>> {
  const cluster = new ShardedDataSource({ ...fromHostConfig({ hosts }, { naming }), entities: [UserHomeLayout], lazy: true });
  await cluster.initialize();
  try {
    return countBy(keys, (key) => cluster.shardFor(UserHomeLayout, key).name);
  } finally {
    await cluster.destroy();
  }
}

function countBy(items: readonly string[], ownerOf: (item: string) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const owner of items.map(ownerOf)) counts[owner] = (counts[owner] ?? 0) + 1;
  return counts;
}

describe('fromHostConfig', () => {
  it.each<[string, readonly HostConfig[], HostConfigOptions['naming'], Record<string, number>]>([
    ['two hosts by the published names', [local!, second!], 'published', { 'localhost:3306': 5283, '10.10.140.27:3306': 4717 }],
    [
      'three hosts by the published names',
      [local!, second!, third!],
      'published',
      { 'localhost:3306': 3322, '10.10.140.27:3306': 3199, '10.10.116.88:3306': 3479 },
    ],
    ['two hosts by the current names', [local!, second!], 'current', { 'localhost:3306:': 4982, '10.10.140.27:3306:': 5018 }],
  ])('gives %s their keys', async (_, hosts, naming, counts) => {
    expect(await countsOfCluster(hosts, naming)).toEqual(counts);
    expect(countsByHand(Object.keys(counts))).toEqual(counts);
  });

  it.each<HostConfigOptions['naming']>(['published', 'current'])('gives partitions their keys, by the %s names', async (naming) => {
    const hosts = [local!, second!].map((host) => ({ ...host, partitions: [1, 2] }));
    expect(await countsOfCluster(hosts, naming)).toEqual({
      'localhost:3306:1': 2492,
      'localhost:3306:2': 2610,
      '10.10.140.27:3306:1': 2362,
      '10.10.140.27:3306:2': 2536,
    });
  });

  it('takes a host without partitions, and one with none in its list, alike', () => {
    for (const naming of ['published', 'current'] as const) {
      const [without, empty] = [local!, { ...local!, partitions: [] }].map((host) => fromHostConfig({ hosts: [host] }, { naming }).shards);
      expect(empty).toEqual(without);
    }
  });

  it('takes every setting of a host', () => {
    const host = { ...account, host: 'db', port: 3307, init_command: 'SET NAMES utf8mb4', partitions: ['a'] };
    expect(fromHostConfig({ hosts: [host] }, { naming: 'published' })).toMatchObject({
      type: 'mysql',
      shards: [
        {
          name: 'db:3307',
          host: 'db',
          port: 3307,
          database: 'app',
          username: 'app',
          password: 'secret',
          initCommand: 'SET NAMES utf8mb4',
          partitions: ['a'],
        },
      ],
    });
  });
});

for (const kind of serverKinds.filter((each) => each === 'mariadb')) {
  describe(`fromHostConfig on ${kind}`, () => {
    let databases: TestDatabases;

    beforeEach(async () => {
      databases = await createDatabases(kind, 2);
    });
    afterEach(() => databases.stop());

    it.each<[HostConfigOptions['naming'], HostConfig['partitions'], readonly string[]]>([
      ['published', undefined, ['user_home_layout']],
      ['current', undefined, ['user_home_layout_p']],
      ['published', [1, 2], ['user_home_layout_p1', 'user_home_layout_p2']],
      ['current', [1, 2], ['user_home_layout_p1', 'user_home_layout_p2']],
    ])('opens the hosts by the %s names with partitions %j and makes the tables %j', async (naming, partitions, tables) => {
      const cluster = new ShardedDataSource({
        ...fromHostConfig({ hosts: databases.shards.map(({ options }) => hostOf(options, partitions)) }, { naming }),
        entities: [UserHomeLayout],
        synchronize: true,
      });
      await cluster.initialize();
      try {
        UserHomeLayout.use(cluster);
        await new UserHomeLayout('ada', [1]).set();
        expect(await UserHomeLayout.get('ada')).toEqual([1]);
        const [{ dataSource } = cluster.shard('none')] = cluster.shards;
        const found: Record<string, string>[] = await dataSource.query("SHOW TABLES LIKE 'user\\_home%'");
        expect(found.map((row) => Object.values(row)[0])).toEqual(tables);
        const answers = await cluster.query<readonly { result: unknown }[]>('SELECT @marker AS marker', [], { shards: 'all' });
        expect(answers.map(({ result }) => result)).toEqual(cluster.shards.map(() => [{ marker: 'set by init_command' }]));
      } finally {
        await cluster.destroy();
      }
    });
  });
}

function hostOf(options: Record<string, unknown>, partitions: HostConfig['partitions']): HostConfig {
  const { host, port, username, password, database } = options as Record<string, string>;
  const settings = { host: host!, port: Number(port), db: database!, user: username!, passwd: password! };
  return { ...settings, init_command: "SET @marker = 'set by init_command'", ...(partitions && { partitions }) };
}
