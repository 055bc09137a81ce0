import {
  And,
  Any,
  Between,
  Column,
  Entity,
  Equal,
  ILike,
  In,
  IsNull,
  JoinColumn,
  LessThan,
  Like,
  ManyToOne,
  MoreThan,
  Not,
  type ObjectLiteral,
  Or,
  PrimaryColumn,
  Raw,
  type ValueTransformer,
} from 'typeorm';
import { ShardKey } from '../../src';
import { proveRoute } from '../../src/query';
import { Proofs, shards } from './proofs';

const upper: ValueTransformer = { to: (value) => (typeof value === 'string' ? value.toUpperCase() : value), from: (value) => value };

@Entity()
class User {
  @PrimaryColumn() @ShardKey() guid!: string;
  @Column() name!: string;
}
@Entity()
class Order {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => User) @Column() userGuid!: string;
  @ManyToOne(() => User) @JoinColumn({ name: 'userGuid' }) user!: User;
}
@Entity()
class Profile {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => User) @ManyToOne(() => User) owner!: User;
}
class Address {
  @ShardKey() @Column() region!: string;
  @Column() street!: string;
}
@Entity()
class Shop {
  @PrimaryColumn('uuid') id!: string;
  @Column(() => Address) address!: Address;
}
@Entity()
class Item {
  @PrimaryColumn() @ShardKey() tenant!: string;
  @PrimaryColumn() @ShardKey() no!: number;
}
@Entity()
class Note {
  @PrimaryColumn() @ShardKey() userGuid!: string;
  @PrimaryColumn() no!: number;
}
@Entity()
class Shouted {
  @PrimaryColumn({ transformer: upper }) @ShardKey() guid!: string;
}
@Entity()
class Whisper {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => Shouted) @Column() guid!: string;
  @ManyToOne(() => Shouted) @JoinColumn({ name: 'guid' }) shouted!: Shouted;
}
describe('proveRoute()', () => {
  let users: Proofs;
  /** Two users of two shards. */
  let [u, v] = ['', ''];

  beforeAll(async () => {
    users = await Proofs.of([User]);
    const guids = Array.from({ length: 50 }, (_, index) => `u${index}`);
    u = guids[0]!;
    v = guids.find((guid) => users.owner(guid) !== users.owner(u))!;
  });

  it.each<[string, () => ObjectLiteral | ObjectLiteral[]]>([
    ['a value', () => ({ guid: u })],
    ['a value beside other conditions', () => ({ name: Not(Like('x')), guid: u })],
    ['Equal', () => ({ guid: Equal(u) })],
    ['Equal of Equal', () => ({ guid: Equal(Equal(u)) })],
    ['In of one', () => ({ guid: In([u]) })],
    ['In of one, twice', () => ({ guid: In([u, u]) })],
    ['Any of one', () => ({ guid: Any([u]) })],
    ['And with what proves nothing', () => ({ guid: And(Not(v), Equal(u), Like('u%')) })],
    ['And that leaves one', () => ({ guid: And(In([u, v]), In([u, 'other'])) })],
    ['Or of one', () => ({ guid: Or(Equal(u), In([u])) })],
    ['Or with what is excluded', () => ({ guid: Or(Equal(u), And(Equal(u), Equal(v))) })],
    ['an array of conditions on one', () => [{ guid: u }, { guid: u, name: 'x' }]],
    ['an array with a contradiction', () => [{ guid: u }, { guid: In([]) }]],
  ])('proves one shard from %s', (_, where) => {
    expect(users.of(where())).toEqual({ route: 'one', shards: [users.owner(u)], reason: 'User.guid is proved.' });
  });

  it.each<[string, () => ObjectLiteral | ObjectLiteral[]]>([
    ['In', () => ({ guid: In([u, v]) })],
    ['Any', () => ({ guid: Any([u, v]) })],
    ['Or', () => ({ guid: Or(Equal(u), Equal(v)) })],
    ['an array of conditions', () => [{ guid: u }, { guid: Equal(v), name: 'x' }]],
    ['And of lists', () => ({ guid: And(In([u, v]), In([v, u, 'other'])) })],
  ])('proves several shards from %s', (_, where) => {
    expect(users.of(where())).toMatchObject({ route: 'some', reason: 'User.guid is proved to be on 2 of 5 shards.' });
    expect([...users.of(where()).shards].sort()).toEqual(users.owners([u, v]));
  });

  it.each<[string, () => ObjectLiteral | ObjectLiteral[] | undefined]>([
    ['no conditions', () => undefined],
    ['null for conditions', () => null as unknown as undefined],
    ['empty conditions', () => ({})],
    ['an empty array', () => []],
    ['an array with empty conditions', () => [{ guid: u }, {}]],
    ['a condition on another column', () => ({ name: u })],
    ['an array with a condition on another column', () => [{ guid: u }, { name: 'x' }]],
    ['Not', () => ({ guid: Not(u) })],
    ['Not of Equal', () => ({ guid: Not(Equal(u)) })],
    ['Not of In', () => ({ guid: Not(In([u, v])) })],
    ['Not of Not', () => ({ guid: Not(Not(Equal(u))) })],
    ['Equal of Not', () => ({ guid: Equal(Not(u)) })],
    ['In of an operator', () => ({ guid: In(Equal(u) as never) })],
    ['Or with Not', () => ({ guid: Or(Equal(u), Not(Equal(v))) })],
    ['Like', () => ({ guid: Like(u) })],
    ['ILike', () => ({ guid: ILike(u) })],
    ['IsNull', () => ({ guid: IsNull() })],
    ['Raw', () => ({ guid: Raw((alias) => `${alias} = '${u}'`) })],
    ['Any of what is no list', () => ({ guid: Any(`{${u}}` as never) })],
    ['Equal to null', () => ({ guid: Equal(null) })],
    ['a comparison, on a ring', () => ({ guid: MoreThan(u) })],
    ['an interval, on a ring', () => ({ guid: Between(u, u) })],
    ['And of comparisons, on a ring', () => ({ guid: And(MoreThan(u), LessThan(v)) })],
  ])('proves nothing from %s', (_, where) => {
    expect(users.of(where())).toEqual({ route: 'all', shards, reason: 'No condition proves User.guid, so every shard is asked.' });
  });

  it.each<[string, () => ObjectLiteral | ObjectLiteral[]]>([
    ['In of nothing', () => ({ guid: In([]) })],
    ['And of two keys', () => ({ guid: And(Equal(u), Equal(v)) })],
    ['And of lists without a common key', () => ({ guid: And(In([u]), Not(Equal(v)), Any([v])) })],
    ['Or of contradictions', () => ({ guid: Or(In([]), And(Equal(u), Equal(v))) })],
    ['Or of nothing', () => ({ guid: Or() })],
    ['an array of contradictions', () => [{ guid: In([]) }, { guid: In([]), name: 'x' }]],
  ])('proves that no shard is needed from %s', (_, where) => {
    expect(users.of(where())).toEqual({ route: 'none', shards: [], reason: 'The conditions on User.guid exclude each other.' });
  });

  it('names the one shard of a cluster of one, whatever the conditions', () => {
    const table = users.sharding.group.placement.compile(['only']);
    for (const where of [undefined, [], { name: 'x' }]) {
      expect(proveRoute(users.sharding, where, table, {})).toEqual({
        route: 'one',
        shards: ['only'],
        reason: 'The cluster has one shard.',
      });
    }
  });

  it('sees a key that conditions inherit, as TypeORM does', () => {
    expect(users.of(Object.create({ guid: u }) as ObjectLiteral)).toMatchObject({ route: 'one', shards: [users.owner(u)] });
  });

  it('never shows a value in its reason', () => {
    for (const where of [{ guid: 'secret' }, { guid: In(['secret', 'secret2']) }, { guid: And(Equal('secret'), Equal('x')) }]) {
      expect(users.of(where).reason).not.toContain('secret');
    }
  });

  describe('with a relation that holds the key', () => {
    let orders: Proofs;
    let profiles: Proofs;

    beforeAll(async () => {
      orders = await Proofs.of([Order, User]);
      profiles = await Proofs.of([Profile, User]);
    });

    it('proves the shard from the key of the related entity', () => {
      for (const where of [
        { user: { guid: u } },
        { user: { guid: Equal(u), name: 'x' } },
        { user: Object.assign(new User(), { guid: u }) },
      ]) {
        expect(orders.of(where)).toMatchObject({ route: 'one', shards: [orders.owner(u)] });
      }
      expect(profiles.of({ owner: { guid: u } })).toMatchObject({ route: 'one', shards: [profiles.owner(u)] });
      expect(profiles.of({ owner: { guid: In([u, v]) } })).toMatchObject({ route: 'some' });
    });

    it('proves nothing from other columns of the related entity, or from the relation as a whole', () => {
      for (const where of [{ user: { name: u } }, { user: {} }, { user: Not(Equal(u)) }]) {
        expect(orders.of(where)).toMatchObject({ route: 'all' });
      }
      expect(profiles.of({ owner: { name: u } })).toMatchObject({ route: 'all' });
    });

    it('joins what both say', () => {
      expect(orders.of({ userGuid: u, user: { guid: u } })).toMatchObject({ route: 'one' });
      expect(orders.of({ userGuid: In([u, v]), user: { guid: v } })).toMatchObject({ route: 'one', shards: [orders.owner(v)] });
      expect(orders.of({ userGuid: u, user: { guid: v } })).toMatchObject({ route: 'none' });
    });
  });

  describe('with an embedded key', () => {
    it('proves the shard from its path', async () => {
      const shops = await Proofs.of([Shop]);
      expect(shops.of({ address: { region: 'r' } })).toMatchObject({ route: 'one', shards: [shops.owner('r')] });
      expect(shops.of({ address: { region: Or(Equal('r'), Equal('r')), street: 's' } })).toMatchObject({ route: 'one' });
      for (const where of [{ address: { street: 's' } }, { address: {} }, { region: 'r' }, { 'address.region': 'r' }]) {
        expect(shops.of(where)).toMatchObject({ route: 'all' });
      }
    });
  });

  describe('with a key of several columns', () => {
    let items: Proofs;

    beforeAll(async () => {
      items = await Proofs.of([Item]);
    });

    it('proves the shard when all are given', () => {
      expect(items.of({ tenant: 't', no: 7 })).toMatchObject({
        route: 'one',
        shards: [items.owner('t', 7)],
        reason: 'Item.tenant, Item.no is proved.',
      });
    });

    it('proves nothing when one is missing, or when they are given apart', () => {
      expect(items.of({ tenant: 't' })).toMatchObject({ route: 'all' });
      expect(items.of([{ tenant: 't' }, { no: 7 }])).toMatchObject({ route: 'all' });
      expect(items.of({ tenant: 't', no: MoreThan(7) })).toMatchObject({ route: 'all' });
    });

    it('proves the shards of all combinations', () => {
      const numbers = Array.from({ length: 20 }, (_, index) => index);
      const owners = numbers.flatMap((no) => [items.owner('t', no), items.owner('s', no)]);
      expect(new Set(items.of({ tenant: In(['t', 's']), no: In(numbers) }).shards)).toEqual(new Set(owners));
    });

    it('proves nothing from so many combinations that the proof would cost more than the scatter', () => {
      const numbers = Array.from({ length: 101 }, (_, index) => index);
      expect(items.of({ tenant: In(numbers.map(String)), no: In(numbers) })).toMatchObject({ route: 'all' });
      expect(items.of({ tenant: In(numbers.map(String)), no: In(numbers.slice(0, 99)) })).toMatchObject({ route: 'some' });
    });

    it('needs no shard when one column contradicts itself', () => {
      expect(items.of({ tenant: In([]) })).toMatchObject({ route: 'none' });
    });
  });

  describe('with a transformer on the key', () => {
    it('proves by what is stored', async () => {
      const shouted = await Proofs.of([Shouted]);
      const stored = shouted.owner('ABC');
      for (const where of [
        { guid: 'abc' },
        { guid: 'ABC' },
        { guid: Equal('aBc') },
        { guid: In(['abc', 'ABC']) },
        { guid: And(Equal('abc')) },
      ]) {
        expect(shouted.of(where)).toMatchObject({ route: 'one', shards: [stored] });
      }
      expect(shouted.ofIds('abc')).toMatchObject({ route: 'one', shards: [stored] });
    });

    it('proves nothing from Any, whose list TypeORM gives the transformer as a whole', async () => {
      const shouted = await Proofs.of([Shouted]);
      expect(shouted.of({ guid: Any(['abc']) })).toMatchObject({ route: 'all' });
    });

    it('leaves the operators of the caller as they were', async () => {
      const shouted = await Proofs.of([Shouted]);
      const operator = In(['abc']);
      shouted.of({ guid: operator });
      expect(operator.value).toEqual(['abc']);
    });

    it('proves by the transformer of the related entity where the condition goes through a relation', async () => {
      const whispers = await Proofs.of([Whisper, Shouted]);
      for (const guid of Array.from({ length: 20 }, (_, index) => `abc${index}`)) {
        expect(whispers.of({ shouted: { guid } })).toMatchObject({ route: 'one', shards: [whispers.owner(guid.toUpperCase())] });
        expect(whispers.of({ guid })).toMatchObject({ route: 'one', shards: [whispers.owner(guid)] });
      }
    });
  });
});

describe('proveIds()', () => {
  it('proves the shards of primary keys that are the shard key', async () => {
    const users = await Proofs.of([User]);
    expect(users.ofIds('u')).toMatchObject({ route: 'one', shards: [users.owner('u')] });
    const guids = Array.from({ length: 30 }, (_, index) => `u${index}`);
    expect([...users.ofIds(...guids).shards].sort()).toEqual(users.owners(guids));
    expect(users.ofIds()).toMatchObject({ route: 'none' });
  });

  it('proves nothing where the primary key is another, or more, than the shard key', async () => {
    expect((await Proofs.of([Order, User])).ofIds('x')).toMatchObject({ route: 'all', shards });
    expect((await Proofs.of([Item])).ofIds('x')).toMatchObject({ route: 'all', shards });
    expect((await Proofs.of([Note])).ofIds('x')).toMatchObject({ route: 'all', shards });
  });
});

describe('soleKey()', () => {
  it('is the canonical text of the one key that conditions allow', async () => {
    const users = await Proofs.of([User]);
    expect(users.soleKey({ guid: 'u' })).toBe('u');
    expect(users.soleKey({ guid: And(In(['u', 'v']), Equal('v')), name: 'x' })).toBe('v');
    expect((await Proofs.of([Item])).soleKey({ tenant: 't', no: '07' })).toBe('1:t,1:7,');
    expect((await Proofs.of([Shouted])).soleKey({ guid: 'abc' })).toBe('ABC');
  });

  it('is nothing where several are allowed, or none, or any', async () => {
    const users = await Proofs.of([User]);
    for (const where of [{ guid: In(['u', 'v']) }, { guid: In([]) }, { guid: Not('u') }, { name: 'u' }, {}]) {
      expect(users.soleKey(where)).toBeUndefined();
    }
    expect((await Proofs.of([Item])).soleKey({ tenant: 't' })).toBeUndefined();
  });
});
