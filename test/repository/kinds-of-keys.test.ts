import { Between, Column, Entity, In, LessThan, MoreThanOrEqual, PrimaryColumn } from 'typeorm';
import { PositionUnownedError, ShardKey, ShardKeyInvalidError } from '../../src';
import { type DatabaseKind, sampledKinds } from '../database';
import { Coin, Event, Measurement, Parcel, Place, Site } from './fixtures/key-entities';
import { expectedPosition, storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

const BEYOND = '9007199254740993';

/** SQLite's drivers give integers as numbers, which are not exact beyond 2^53; the servers' give text. */
function asRead(kind: DatabaseKind, integer: string): number | string {
  return kind === 'sqljs' || kind === 'better-sqlite3' ? Number(integer) : integer;
}

describe.each(sampledKinds)('A shard key (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Measurement, Site, Coin, Event, Parcel] });
  });
  afterAll(() => test?.stop());

  it('of two columns routes by both, in the order declared', async () => {
    const measurements = test.cluster.getRepository(Measurement);
    const rows = Array.from({ length: 20 }, (_, number) => ({ tenant: `t${number % 4}`, device: number, value: number }));
    await measurements.save(rows);

    for (const { shard, row } of await storedRows(test.cluster, Measurement)) {
      const [tenant, device] = [String(row.tenant), Number(row.device)];
      expect(shard).toBe(test.cluster.shardFor(Measurement, [tenant, device]).name);
      expect(test.cluster.shardFor(Measurement, { device, tenant }).name).toBe(shard);
      expect(String(row._shard_position)).toBe(expectedPosition(tenant, String(device)));
      expect(await test.log.shardsDuring(() => measurements.findOneByOrFail({ tenant, device }))).toEqual([shard]);
    }
    const some = await measurements.explain({ where: { tenant: In(['t1', 't2']), device: In([1, 2]) } });
    expect(some.shards.length).toBeGreaterThan(0);
    expect((await measurements.explain({ where: { tenant: 't1' } })).route).toBe('all');
    expect(await measurements.countBy({ tenant: 't1' })).toBe(5);
    expect(() => test.cluster.shardFor(Measurement, 't1')).toThrow(ShardKeyInvalidError);
  });

  it('inside an embedded class routes by its path', async () => {
    const sites = test.cluster.getRepository(Site);
    const rows = Array.from({ length: 10 }, (_, number) => ({ id: `site ${number}`, place: { region: `region ${number}`, street: 's' } }));
    await sites.save(rows.slice(0, 5));
    await sites.insert(rows.slice(5));

    for (const { shard, row } of await storedRows(test.cluster, Site)) {
      const region = String(row.placeRegion);
      expect(shard).toBe(test.cluster.shardFor(Site, region).name);
      expect(String(row._shard_position)).toBe(expectedPosition(region));
      expect(await test.log.shardsDuring(() => sites.findOneByOrFail({ place: { region } }))).toEqual([shard]);
    }
    const found = await sites.findOneByOrFail({ place: { region: 'region 3' } });
    expect(found.place).toBeInstanceOf(Place);
    found.place.street = 'changed';
    await sites.save(found);
    expect((await sites.update({ place: { region: 'region 4' } }, { place: { street: 'updated' } })).affected).toBe(1);
    expect((await sites.delete({ place: { region: 'region 4' } })).affected).toBe(1);
    expect(await sites.findOneBy({ place: { region: 'region 3' } })).toEqual({
      id: 'site 3',
      place: { region: 'region 3', street: 'changed' },
    });
  });

  it('of an integer beyond 2^53 is exact, however it is written', async () => {
    const coins = test.cluster.getRepository(Coin);
    const neighbours = ['9007199254740992', BEYOND, '9007199254740994', '9223372036854775807', '-9223372036854775808', '0'];
    await coins.save(neighbours.map((serial, value) => ({ serial, value })));

    for (const [value, serial] of neighbours.entries()) {
      expect(await coins.findOneBy({ serial })).toEqual({ serial: asRead(kind, serial), value });
      expect(test.cluster.shardFor(Coin, BigInt(serial))).toBe(test.cluster.shardFor(Coin, serial));
      expect(test.cluster.shardFor(Coin, serial.replace(/^(-?)/, '$1000'))).toBe(test.cluster.shardFor(Coin, serial));
    }
    for (const { row } of await storedRows(test.cluster, Coin)) {
      const { serial } = coins.create({ serial: neighbours[Number(row.value)] as string });
      expect(String(row._shard_position)).toBe(expectedPosition(serial));
    }
    const sent = await test.log.during(async () => {
      for (const serial of [2 ** 53, 1.5, '1e3', '9'.repeat(30), ' 1', true]) {
        await expect(coins.findOneBy({ serial: serial as never })).rejects.toThrow(ShardKeyInvalidError);
      }
    });
    expect(sent).toEqual([]);
  });

  it('placed by ranges goes where its range says, and has no position column', async () => {
    const events = test.cluster.getRepository(Event);
    const rows = ['-1000', '-1', '0', '7', '9007199254740992', BEYOND].map((number, value) => ({ number, value }));
    await events.save(rows);

    const places = (await storedRows(test.cluster, Event)).map(({ shard, row }) => [shard, Number(row.value), '_shard_position' in row]);
    expect(places.sort()).toEqual([
      ['s1', 0, false],
      ['s1', 1, false],
      ['s1', 5, false],
      ['s2', 2, false],
      ['s2', 3, false],
      ['s2', 4, false],
    ]);
    expect(await test.log.shardsDuring(() => events.findBy({ number: MoreThanOrEqual('-5') }))).toEqual(['s1', 's2']);
    expect(await test.log.shardsDuring(() => events.findBy({ number: Between('1', '100') }))).toEqual(['s2']);
    expect(await test.log.shardsDuring(() => events.findBy({ number: LessThan('-1') }))).toEqual(['s1']);
    expect(await events.countBy({ number: Between('-5', '9') })).toBe(3);
    expect(await test.log.during(() => expect(events.findOneBy({ number: '-1001' })).rejects.toThrow(PositionUnownedError))).toEqual([]);
  });

  it('placed by modulo goes where the remainder says', async () => {
    const parcels = test.cluster.getRepository(Parcel);
    await parcels.insert(Array.from({ length: 10 }, (_, number) => ({ number, value: number })));

    const places = await storedRows(test.cluster, Parcel);
    expect(places).toHaveLength(10);
    expect(places.every(({ shard, row }) => shard === (Number(row.number) % 2 === 0 ? 's1' : 's2'))).toBe(true);
    expect(places.some(({ row }) => '_shard_position' in row)).toBe(false);
    expect(await parcels.findOneBy({ number: '07' as never })).toEqual({ number: 7, value: 7 });
  });
});

/** A column that the database compares without regard to case, where it has such a thing. */
function guestOf(kind: DatabaseKind) {
  const collations: Partial<Record<DatabaseKind, string>> = { mariadb: 'utf8mb4_general_ci', sqljs: 'NOCASE', 'better-sqlite3': 'NOCASE' };
  const collation = collations[kind];

  @Entity()
  class Guest {
    @PrimaryColumn({ type: 'varchar', length: 60, ...(collation && { collation }) })
    @ShardKey({ normalize: (value) => value.toLowerCase() })
    mail!: string;

    @Column({ type: 'varchar', length: 60 })
    name!: string;
  }
  return { Guest, ignoresCase: collation !== undefined };
}

describe.each(sampledKinds)('A shard key that is normalized (%s)', (kind) => {
  it('routes all spellings alike, and leaves the stored one as it is', async () => {
    const { Guest, ignoresCase } = guestOf(kind);
    const test = await openTestCluster(kind, { entities: [Guest] });
    const guests = test.cluster.getRepository(Guest);
    const mails = Array.from({ length: 12 }, (_, number) => `Guest${number}@Example.ORG`);
    await guests.save(mails.map((mail) => ({ mail, name: mail })));

    for (const { shard, row } of await storedRows(test.cluster, Guest)) {
      const mail = String(row.mail);
      expect(mails).toContain(mail);
      expect(String(row._shard_position)).toBe(expectedPosition(mail.toLowerCase()));
      expect(test.cluster.shardFor(Guest, mail.toUpperCase()).name).toBe(shard);
      expect((await guests.findOneBy({ mail: mail.toUpperCase() }))?.mail).toBe(ignoresCase ? mail : undefined);
      expect((await guests.update({ mail: mail.toUpperCase() }, { name: 'found' })).affected).toBe(ignoresCase ? 1 : 0);
    }
    await test.stop();
  });
});
