import { Entity, PrimaryColumn } from 'typeorm';
import { ConfigurationError, hashRing, modulo, ShardedDataSource, type ShardedDataSourceOptions, ShardKey } from '../../src';
import { faultsOfOptions } from './faults-of-options';

@Entity()
class User {
  @PrimaryColumn() @ShardKey() guid!: string;
}

const sqljs = (more: object) => faultsOfOptions({ type: 'sqljs', shards: [{ name: 'a' }], ...more });
const shard = (more: object) => sqljs({ shards: [{ name: 'a', ...more }] });

describe('The options of a ShardedDataSource', () => {
  it('need no more than a type and a shard', () => {
    expect(sqljs({})).toEqual([]);
    expect(sqljs({ shards: ['a'] })).toEqual([]);
  });

  it.each([
    ['oracle', { type: 'oracle' }],
    ['no type', { type: undefined }],
  ])('refuse %s for a type', (_, more) => {
    expect(sqljs(more)).toEqual(['options: type must be one of the following values: mysql, mariadb, postgres, better-sqlite3, sqljs.']);
  });

  it.each([
    [{ name: '' }, 'options: name should not be empty.'],
    [{ name: 5 }, 'options: name must be a string.'],
    [{ name: 'x'.repeat(101) }, 'options: name must be shorter than or equal to 100 characters.'],
    [{ shards: 'a' }, 'options: shards must be an array.'],
    [{ shards: undefined }, 'options: shards must be an array.'],
    [{ shards: [] }, 'options.shards names no shard.'],
    [{ connect: {} }, 'options: connect must be a function.'],
    [{ placement: 'ring' }, 'options: placement must be made by hashRing(), ranges() or modulo().'],
    [{ placement: hashRing }, 'options: placement must be made by hashRing(), ranges() or modulo().'],
    [{ lazy: 'yes' }, 'options: lazy must be a boolean value.'],
    [{ concurrency: 0 }, 'options: concurrency must not be less than 1.'],
    [{ concurrency: 1001 }, 'options: concurrency must not be greater than 1000.'],
    [{ concurrency: 1.5 }, 'options: concurrency must be an integer number.'],
    [{ maxConnections: 0 }, 'options: maxConnections must not be less than 1.'],
    [{ maxConnections: Number.NaN }, 'options: maxConnections must be an integer number.'],
    [{ poolSize: 0 }, 'options: poolSize must not be less than 1.'],
    [{ positionColumn: 'a"b' }, 'options: positionColumn must match /^[A-Za-z_][A-Za-z0-9_]*$/ regular expression.'],
    [{ positionColumn: 'p'.repeat(61) }, 'options: positionColumn must be shorter than or equal to 60 characters.'],
    [{ initCommand: '' }, 'options: initCommand should not be empty.'],
    [{ scatter: 'allow' }, 'options.scatter must be an object.'],
    [{ scatter: { writes: 'yes' } }, 'options.scatter: writes must be one of the following values: refuse, allow.'],
    [{ scatter: { mode: 'never' } }, 'options.scatter: mode must be one of the following values: allow, warn, forbid.'],
    [{ scatter: { maxShards: 0 } }, 'options.scatter: maxShards must not be less than 1.'],
    [{ scatter: { maxRows: 1.5 } }, 'options.scatter: maxRows must be an integer number.'],
    [{ scatter: { timeoutMs: 2 ** 31 } }, 'options.scatter: timeoutMs must not be greater than 2147483647.'],
    [{ scatter: { concurrency: 1001 } }, 'options.scatter: concurrency must not be greater than 1000.'],
  ])('refuse %j', (more, sentence) => {
    expect(sqljs(more)).toEqual(expect.arrayContaining([sentence]));
    for (const fault of sqljs(more)) expect(fault).toMatch(new RegExp(`^options[.:].*${Object.keys(more)[0]}`));
  });

  it.each([
    [{ name: '' }, 'shards[0]: name should not be empty.'],
    [{ name: undefined }, 'shards[0]: name must be a string.'],
    [{ name: 'x'.repeat(151) }, 'shards[0]: name must be shorter than or equal to 150 characters.'],
    [{ weight: -1 }, 'shards[0]: weight must not be less than 0.'],
    [{ weight: Number.NaN }, 'shards[0]: weight must be a number conforming to the specified constraints.'],
    [{ weight: Number.POSITIVE_INFINITY }, 'shards[0]: weight must be a number conforming to the specified constraints.'],
    [{ weight: '2' }, 'shards[0]: weight must be a number conforming to the specified constraints.'],
    [{ partitions: 2 }, 'shards[0]: partitions must be an array.'],
    [{ partitions: ['a-b'] }, 'shards[0]: each partition must be a number or a short name of letters and digits.'],
    [{ partitions: ["1' OR 1=1"] }, 'shards[0]: each partition must be a number or a short name of letters and digits.'],
    [{ partitions: [1.5] }, 'shards[0]: each partition must be a number or a short name of letters and digits.'],
    [{ partitions: [null] }, 'shards[0]: each partition must be a number or a short name of letters and digits.'],
    [{ partitions: [true] }, 'shards[0]: each partition must be a number or a short name of letters and digits.'],
    [{ partitions: ['x'.repeat(21)] }, 'shards[0]: each partition must be a number or a short name of letters and digits.'],
    [{ initCommand: 7 }, 'shards[0]: initCommand must be a string.'],
    [{ poolSize: 0 }, 'shards[0]: poolSize must not be less than 1.'],
  ])('refuse a shard with %j', (more, sentence) => {
    expect(shard(more)).toEqual(expect.arrayContaining([sentence]));
    for (const fault of shard(more)) expect(fault).toMatch(/^shards\[0\]: /);
  });

  it.each([[5], [null], [undefined], [[]]])('refuse %p for a shard', (entry) => {
    expect(sqljs({ shards: [{ name: 'a' }, entry] })).toContain('shards[1]: name must be a string.');
  });

  it('report everything at once: what is wrong with the options, with each shard, and between shards', () => {
    const faults = faultsOfOptions({
      type: 'mysql',
      concurrency: 0,
      scatter: { writes: 'yes' },
      maxConnections: 3,
      shards: [
        { name: 'a', host: 'db', database: 'x' },
        { name: 'a', host: 'db', database: 'y' },
        { name: 'b', host: 'db', database: 'x' },
        { name: 'c', weight: -1 },
        { name: 'd', partitions: ['?'] },
      ],
    });
    expect(faults).toEqual([
      'options: concurrency must not be less than 1.',
      'options.scatter: writes must be one of the following values: refuse, allow.',
      'shards[3]: weight must not be less than 0.',
      'shards[4]: each partition must be a number or a short name of letters and digits.',
      'Two shards are named "a".',
      'Shards "a" and "b" are the same database and tables.',
      'maxConnections is 3, but 2 database(s) need at least 4: 2 for each pool.',
    ]);
  });

  it('are refused by one ConfigurationError without the values that were given', () => {
    const options = {
      type: 'mysql',
      shards: [{ name: 'a', password: 'hunter2', lazy: 'hunter2', initCommand: 5, url: 'mysql://root:hunter2@db/x' }],
    };
    const make = () => new ShardedDataSource(options as unknown as ShardedDataSourceOptions);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(/^The sharding configuration has 1 fault\(s\):\n {2}- shards\[0\]: initCommand must be/);
    expect(make).not.toThrow(/hunter2/);
  });

  it('make a member of each shard and of each partition, in the order given', () => {
    const cluster = new ShardedDataSource({
      type: 'sqljs',
      entities: [User],
      shards: ['c', { name: 'a', weight: 2.5 }, { name: 'b', weight: 0, partitions: [1, 'two', ''] }, { name: 'd', partitions: [] }],
    });
    expect(cluster.shards.map(({ name, weight, partition }) => ({ name, weight, partition }))).toEqual([
      { name: 'c', weight: 1, partition: undefined },
      { name: 'a', weight: 2.5, partition: undefined },
      { name: 'b:1', weight: 0, partition: '1' },
      { name: 'b:two', weight: 0, partition: 'two' },
      { name: 'b:', weight: 0, partition: '' },
      { name: 'd', weight: 1, partition: undefined },
    ]);
    expect(cluster.shard('b:two')).toBe(cluster.shards[3]);
    expect(() => cluster.shard('b')).toThrow('There is no shard "b". The cluster has: c, a, b:1, b:two, b:, d.');
  });

  it('place by a ring of equal shares unless a placement is given', async () => {
    const placementOf = async (more: Partial<ShardedDataSourceOptions>) => {
      const options = { type: 'sqljs', entities: [User], lazy: true, shards: [{ name: 'a' }, { name: 'b', weight: 3 }], ...more };
      const cluster = new ShardedDataSource(options as ShardedDataSourceOptions);
      await cluster.initialize();
      const table = cluster.routingTables.get('User')!;
      await cluster.destroy();
      return table;
    };
    const members = [
      { name: 'a', weight: 1 },
      { name: 'b', weight: 3 },
    ];
    expect((await placementOf({})).checksum).toBe(hashRing().compile(members).checksum);
    const classic = hashRing({ virtualNodes: 20 });
    expect((await placementOf({ placement: classic })).checksum).toBe(classic.compile(members).checksum);
  });

  it('are refused at the start when the weights leave no owner', async () => {
    const cluster = new ShardedDataSource({ type: 'sqljs', entities: [User], shards: [{ name: 'a', weight: 0 }] });
    await expect(cluster.initialize()).rejects.toThrow(ConfigurationError);
    await expect(cluster.initialize()).rejects.toThrow(/Group User: /);
  });

  it('may give every shard all of its keys by modulo, whatever the weights', () => {
    expect(sqljs({ placement: modulo(['a']) })).toEqual([]);
  });
});
