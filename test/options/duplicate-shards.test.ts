import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { faultsOfOptions } from './faults-of-options';

const same = (...names: readonly string[]) => [`Shards "${names[0]}" and "${names[1]}" are the same database and tables.`];

function faultsOfTwo(type: string, a: object, b: object, shared: object = {}): readonly string[] {
  return faultsOfOptions({
    type,
    ...shared,
    shards: [
      { name: 'a', ...a },
      { name: 'b', ...b },
    ],
  });
}

describe('Two shards', () => {
  describe.each(['mysql', 'mariadb', 'postgres'])('on servers (%s)', (type) => {
    const port = type === 'postgres' ? 5432 : 3306;
    const scheme = type === 'postgres' ? 'postgres' : 'mysql';
    const db = { host: 'db', database: 'app' };

    it.each([
      ['one host, by two names', { ...db, host: 'localhost' }, { ...db, host: '127.0.0.1' }],
      ['one host, by IPv6 too', { ...db, host: '::1' }, { ...db, host: 'LOCALHOST' }],
      ['one host, by default', { database: 'app' }, { host: '127.0.0.1', database: 'app' }],
      ['one port, once by default', db, { ...db, port }],
      ['one port, once as text', { ...db, port: 4000 }, { ...db, port: '4000' }],
      ['one database of two users', { ...db, username: 'x' }, { ...db, username: 'y' }],
      ['one URL', { url: `${scheme}://u:p@db:${port}/app` }, { url: `${scheme}://u:p@db:${port}/app` }],
      ['one URL, spelled in another way', { url: `${scheme}://u:p@db:${port}/app` }, { ...db }],
      ['one socket', { socketPath: '/run/db', database: 'app' }, { host: 'db', socketPath: '/run/db', database: 'app' }],
      ['one server, given for all shards', { database: 'app' }, db],
      ['one master', { replication: { master: db, slaves: [] } }, db],
    ])('are refused on %s', (name, a, b) => {
      expect(faultsOfTwo(type, a, b, name.includes('given for all') ? { host: 'db' } : {})).toEqual(same('a', 'b'));
    });

    it.each([
      ['two hosts', db, { ...db, host: 'other' }],
      ['two ports', { ...db, port: 1 }, { ...db, port: 2 }],
      ['two databases', db, { ...db, database: 'other' }],
      ['two URLs', { url: `${scheme}://u:p@db/app` }, { url: `${scheme}://u:p@db/other` }],
    ])('are accepted on %s', (_, a, b) => {
      expect(faultsOfTwo(type, a, b)).toEqual([]);
    });

    it('are accepted when connect says where they are', () => {
      const connect = (name: string) => ({ database: name });
      expect(faultsOfOptions({ type, host: 'db', connect, shards: ['a', 'b'] })).toEqual([]);
    });

    it('are refused with one partition of one database, and accepted with two', () => {
      expect(faultsOfTwo(type, { ...db, partitions: [1, 2] }, { ...db, partitions: [2, 3] })).toEqual(same('a:2', 'b:2'));
      expect(faultsOfTwo(type, { ...db, partitions: [1, 2] }, { ...db, partitions: [3, 4] })).toEqual([]);
      expect(faultsOfTwo(type, { ...db, partitions: [1, 2] }, db)).toEqual([]);
    });
  });

  it('may be two schemas of a PostgreSQL database, but not one by two names', () => {
    expect(faultsOfTwo('postgres', { database: 'x', schema: 'one' }, { database: 'x', schema: 'two' })).toEqual([]);
    expect(faultsOfTwo('postgres', { database: 'x', schema: 'public' }, { database: 'x' })).toEqual(same('a', 'b'));
  });

  describe.each([
    ['better-sqlite3', 'database'],
    ['sqljs', 'location'],
  ])('in files (%s)', (type, option) => {
    const file = join(tmpdir(), 'shard.sqlite');

    it('are refused in one file, by any path', () => {
      expect(faultsOfTwo(type, { [option]: file }, { [option]: file })).toEqual(same('a', 'b'));
      expect(faultsOfTwo(type, { [option]: file }, { [option]: relative('.', file) })).toEqual(same('a', 'b'));
      expect(faultsOfTwo(type, { [option]: file }, { [option]: join(tmpdir(), 'x', '..', 'shard.sqlite') })).toEqual(same('a', 'b'));
    });

    it('are accepted in two files, and as two partitions of one', () => {
      expect(faultsOfTwo(type, { [option]: file }, { [option]: `${file}2` })).toEqual([]);
      expect(faultsOfTwo(type, { [option]: file, partitions: [1] }, { [option]: file, partitions: [2] })).toEqual([]);
    });

    it('are accepted in memory', () => {
      const memory = type === 'sqljs' ? {} : { database: ':memory:' };
      expect(faultsOfTwo(type, memory, memory)).toEqual([]);
    });

    it('are refused as partitions of one database in memory whose tables SQLite does not tell apart', () => {
      const memory = type === 'sqljs' ? {} : { database: ':memory:' };
      const shards = [{ name: 'a', ...memory, partitions: ['x', 'X'] }];
      expect(faultsOfOptions({ type, shards })).toEqual(same('a:x', 'a:X'));
    });
  });

  it.each([
    ['two entries', [{ name: 'a' }, { name: 'a' }], 'a'],
    ['an entry and a bare name', [{ name: 'a' }, 'a'], 'a'],
    ['three entries, once', ['a', 'a', 'a'], 'a'],
    ['one partition given twice', [{ name: 'a', partitions: [1, '1'] }], 'a:1'],
    ['a partition and an entry', [{ name: 'a', partitions: [1] }, { name: 'a:1' }], 'a:1'],
  ])('are refused under one name: %s', (_, shards, name) => {
    expect(faultsOfOptions({ type: 'sqljs', shards })).toEqual([`Two shards are named "${name}".`]);
  });

  it('are told apart by case in their names', () => {
    expect(faultsOfOptions({ type: 'sqljs', shards: ['a', 'A'] })).toEqual([]);
  });
});
