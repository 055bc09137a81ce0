import { LayoutWriter, type Ledger } from '../../examples/layouts/layout-writer';
import { keys, UserHomeLayout } from '../../examples/layouts/published';
import { compareStored } from '../../examples/layouts/stored-layouts';
import { ShardedDataSource } from '../../src';

describe('The comparison of stored layouts with what was acknowledged', () => {
  let cluster: ShardedDataSource;
  let ledger: Ledger;

  beforeEach(async () => {
    cluster = new ShardedDataSource({ type: 'sqljs', entities: [UserHomeLayout], synchronize: true, shards: ['s1', 's2'] });
    await cluster.initialize();
    UserHomeLayout.use(cluster);
    ledger = new Map([...keys.slice(0, 20), 'new'].map((key) => [key, [1, 2, 3, 4]]));
    await UserHomeLayout.setMany([...ledger].map(([key, layout]) => [key, [...layout]]));
  });

  afterEach(() => cluster.destroy());

  const ownerOf = (key: string) => cluster.shardFor(UserHomeLayout, key).name;
  const other = (shard: string) => (shard === 's1' ? 's2' : 's1');
  const on = (shard: string, sql: string) => cluster.shard(shard).dataSource.query(sql);
  const none = { lost: 0, double: 0, misplaced: 0, unknown: 0 };
  const [first] = keys as readonly [string];

  /** Puts the row on the shard that does not own it, past the library. */
  async function copyAstray(key: string): Promise<void> {
    const [row] = await on(ownerOf(key), `SELECT _shard_position AS p FROM user_home_layout WHERE ikey = '${key}'`);
    await on(other(ownerOf(key)), `INSERT INTO user_home_layout (ikey, value, _shard_position) VALUES ('${key}', '[1,2,3,4]', ${row.p})`);
  }

  it('finds no fault in what was stored, and counts the original keys alone', async () => {
    const { originals, ...faults } = await compareStored(cluster, ledger);
    expect(faults).toEqual(none);
    expect(originals.s1! + originals.s2!).toBe(20);
  });

  it('finds a layout that is gone', async () => {
    await on(ownerOf(first), `DELETE FROM user_home_layout WHERE ikey = '${first}'`);
    expect(await compareStored(cluster, ledger)).toMatchObject({ ...none, lost: 1 });
  });

  it('finds a layout that is older than what was acknowledged', async () => {
    ledger.set(first, [1, 2, 3, 4, 1]);
    expect(await compareStored(cluster, ledger)).toMatchObject({ ...none, lost: 1 });
  });

  it('finds a layout on two shards, of which one does not own it', async () => {
    await copyAstray(first);
    expect(await compareStored(cluster, ledger)).toMatchObject({ ...none, double: 1, misplaced: 1 });
  });

  it('finds a layout on the wrong shard alone, which is lost for whoever asks by its key', async () => {
    await copyAstray(first);
    await on(ownerOf(first), `DELETE FROM user_home_layout WHERE ikey = '${first}'`);
    expect(await compareStored(cluster, ledger)).toMatchObject({ ...none, lost: 1, misplaced: 1 });
  });

  it('finds a row that nobody wrote', async () => {
    ledger.delete('new');
    expect(await compareStored(cluster, ledger)).toMatchObject({ ...none, unknown: 1 });
  });

  it('agrees with a writer about each of its writes, and the writer sees when one is undone', async () => {
    const writer = new LayoutWriter(ledger, { newKey: () => `fresh-${ledger.size}` });
    const writing = writer.run();
    while (writer.acknowledged < 200) await new Promise(setImmediate);
    writer.stop();
    await writing;
    expect(await compareStored(cluster, ledger)).toMatchObject(none);
    expect(ledger.size).toBe(21 + Math.floor(writer.acknowledged / 10));
    expect([...ledger.values()].reduce((sum, [, , , , writes = 0]) => sum + writes, 0)).toBe(writer.acknowledged);
    expect(writer.wrongReads).toBe(0);

    await on('s1', `UPDATE user_home_layout SET value = '[1,2,3,4]'`);
    await on('s2', `UPDATE user_home_layout SET value = '[1,2,3,4]'`);
    const again = new LayoutWriter(ledger);
    const going = again.run();
    while (again.wrongReads === 0) await new Promise(setImmediate);
    again.stop();
    await going;
  });
});
