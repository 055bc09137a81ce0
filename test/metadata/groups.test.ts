import { Column, DataSource, JoinColumn, JoinTable, ManyToMany, ManyToOne, PrimaryColumn } from 'typeorm';
import { hashRing, modulo, ReferenceTable, Sharded, ShardKey, Unsharded } from '../../src';
import { buildShardingModel } from '../../src/metadata';
import { MARKET } from '../repository/fixtures/market';
import { descriptionsOf, entityOf, faultsOf } from './entity-set';

const key = [PrimaryColumn('int'), ShardKey()];
const guid = [PrimaryColumn('varchar'), ShardKey()];
const id = [PrimaryColumn('uuid')];

describe('Sharded()', () => {
  it('gives a group of its own name and placement', async () => {
    const Event = entityOf('Event', { key }, Sharded({ group: 'events', placement: modulo(['a', 'b', 'c']) }));
    expect(await descriptionsOf([Event])).toMatchObject({ Event: { group: 'events', placement: 'modulo (3 shards)' } });
  });

  it('gives a placement to the whole group, whichever of its entities names it and whichever stands first', async () => {
    const plain = entityOf('Plain', { key }, Sharded({ group: 'g' }));
    const placed = entityOf('Placed', { key }, Sharded({ group: 'g', placement: modulo(['a', 'b']) }));
    for (const entities of [
      [plain, placed],
      [placed, plain],
    ]) {
      const { Plain, Placed } = await descriptionsOf(entities);
      expect(Plain).toMatchObject({ group: 'g', placement: 'modulo (2 shards)' });
      expect(Placed).toMatchObject({ group: 'g', placement: 'modulo (2 shards)' });
    }
  });

  it('accepts one placement named by several entities of a group', async () => {
    const placement = modulo(['a', 'b']);
    const entities = ['One', 'Other'].map((name) => entityOf(name, { key }, Sharded({ group: 'g', placement })));
    expect(await faultsOf(entities)).toEqual([]);
  });

  it('leaves what it does not say to the cluster', async () => {
    const User = entityOf('User', { guid });
    const { User: user } = await descriptionsOf([User], { placement: hashRing({ virtualNodes: 160 }) });
    expect(user?.placement).toBe(hashRing({ virtualNodes: 160 }).describe());
  });

  it('accepts the name of the group of the parent', async () => {
    const User = entityOf('User', { guid }, Sharded({ group: 'people' }));
    const Order = entityOf('Order', { id, userGuid: [Column('varchar'), ShardKey(() => User)] }, Sharded({ group: 'people' }));
    expect(await descriptionsOf([User, Order])).toMatchObject({ Order: { group: 'people', parent: 'User' } });
  });
});

describe('ReferenceTable()', () => {
  const Country = entityOf('Country', { code: [PrimaryColumn('varchar')] }, ReferenceTable());

  it('makes an entity of which every shard has a copy', async () => {
    expect(await descriptionsOf([Country])).toEqual({ Country: { entity: 'Country', kind: 'reference' } });
  });

  it('can be related to from every kind of entity', async () => {
    const country = [ManyToOne(() => Country)];
    const entities = [
      Country,
      entityOf('User', { guid, country }),
      entityOf('City', { id, country }, ReferenceTable()),
      entityOf('Setting', { id, country }, Unsharded({ shard: 'a' })),
    ];
    expect(await faultsOf(entities)).toEqual([]);
  });
});

describe('Unsharded()', () => {
  it('names the shard where an entity lives, with those related to it', async () => {
    const Setting = entityOf('Setting', { id }, Unsharded({ shard: 'a' }));
    const Flag = entityOf('Flag', { id, setting: [ManyToOne(() => Setting)] }, Unsharded({ shard: 'a' }));
    expect(await descriptionsOf([Setting, Flag])).toEqual({
      Setting: { entity: 'Setting', kind: 'unsharded', shard: 'a' },
      Flag: { entity: 'Flag', kind: 'unsharded', shard: 'a' },
    });
  });
});

describe('a many-to-many relation', () => {
  const User = entityOf('User', { guid });
  const userGuid = [PrimaryColumn('varchar'), ShardKey(() => User)];
  const Tag = entityOf('Tag', { userGuid, name: [PrimaryColumn('varchar')] });
  const Country = entityOf('Country', { code: [PrimaryColumn('varchar')] }, ReferenceTable());
  const linked = (target: () => new () => object) => [ManyToMany(target), JoinTable()];

  it('has a table that is stored beside the rows that own the links', async () => {
    const Note = entityOf('Note', { userGuid, no: [PrimaryColumn('int')], tags: linked(() => Tag), countries: linked(() => Country) });
    const found = await descriptionsOf([User, Tag, Note, Country]);
    expect(found.note_tags_tag).toMatchObject({ kind: 'sharded', group: 'User', parent: 'Note', key: [{ property: 'noteUserGuid' }] });
    expect(found.note_countries_country).toMatchObject({ group: 'User', parent: 'Note', key: [{ property: 'noteUserGuid' }] });
  });

  it('may link rows of one entity that share a key with others', async () => {
    const Page = entityOf('Page', { userGuid, no: [PrimaryColumn('int')], related: linked(() => Page) });
    expect(await descriptionsOf([User, Page])).toMatchObject({ page_related_page: { group: 'User', parent: 'Page' } });
  });

  it('joins reference tables by a reference table, and unsharded entities where they live', async () => {
    const Region = entityOf('Region', { code: [PrimaryColumn('varchar')], countries: linked(() => Country) }, ReferenceTable());
    const Setting = entityOf('Setting', { id, countries: linked(() => Country) }, Unsharded({ shard: 'a' }));
    expect(await descriptionsOf([Country, Region, Setting])).toMatchObject({
      region_countries_country: { kind: 'reference' },
      setting_countries_country: { kind: 'unsharded', shard: 'a' },
    });
  });

  it.each([
    ['users to users', () => [entityOf('Person', { guid, follows: linked(() => User) }, Sharded({ group: 'User' }))], 'Person', 'follows'],
    ['notes to users', () => [entityOf('Note', { userGuid, no: [PrimaryColumn('int')], readers: linked(() => User) })], 'Note', 'readers'],
    ['users to notes', () => [entityOf('Reader', { guid, tags: linked(() => Tag) }, Sharded({ group: 'User' }))], 'Reader', 'tags'],
  ])('may lead from %s, whose rows may be on other shards, and is stored beside its owner', async (_, make, owner, relation) => {
    const entities = [User, Tag, ...make()];
    const found = Object.values(await descriptionsOf(entities)).find(({ entity }) =>
      entity.startsWith(`${owner.toLowerCase()}_${relation}`),
    );

    expect(found).toMatchObject({ kind: 'sharded', group: 'User', parent: owner });
  });
});

/** Which relations leave their group, as `Entity.property`. */
async function leavingAmong(entities: readonly (new () => object)[]): Promise<readonly string[]> {
  const source = new DataSource({ type: 'sqljs', entities: [...entities] });
  await source.initialize();
  const { leaving, faults } = buildShardingModel(source.entityMetadatas, { schemas: [], placement: hashRing() });
  const relations = source.entityMetadatas.flatMap((metadata) => metadata.relations).filter((relation) => leaving.has(relation));
  await source.destroy();
  expect(faults).toEqual([]);
  return relations.map(({ entityMetadata, propertyPath }) => `${entityMetadata.name}.${propertyPath}`).sort();
}

describe('a relation', () => {
  const User = entityOf('User', { guid });
  const ofUser = [ShardKey(() => User), Column('varchar')];
  const Topic = entityOf('Topic', { guid });
  const Country = entityOf('Country', { code: [PrimaryColumn('varchar')] }, ReferenceTable());
  const Setting = entityOf('Setting', { id }, Unsharded({ shard: 'a' }));
  const many = (target: new () => object, ...more: readonly PropertyDecorator[]) => [ManyToOne(() => target), ...more];

  it.each<[string, (new () => object)[], string[]]>([
    ['inside a group stays', [User, entityOf('Post', { id, user: [...many(User), ShardKey(() => User)] })], []],
    ['to a reference table stays', [Country, entityOf('Post', { guid, country: many(Country) })], []],
    [
      'between unsharded entities of a shard stays',
      [Setting, entityOf('Flag', { id, setting: many(Setting) }, Unsharded({ shard: 'a' }))],
      [],
    ],
    ['to another group leaves', [Topic, entityOf('Post', { guid, topic: many(Topic) })], ['Post.topic']],
    ['to an unsharded entity leaves', [Setting, entityOf('Post', { guid, setting: many(Setting) })], ['Post.setting']],
    ['from an unsharded entity leaves', [User, entityOf('Flag', { id, user: many(User) }, Unsharded({ shard: 'a' }))], ['Flag.user']],
    [
      'between unsharded entities leaves',
      [Setting, entityOf('Flag', { id, setting: many(Setting) }, Unsharded({ shard: 'b' }))],
      ['Flag.setting'],
    ],
    ['from a reference table leaves', [User, entityOf('Town', { id, mayor: many(User) }, ReferenceTable())], ['Town.mayor']],
    [
      'to the key of the group by another column leaves',
      [User, entityOf('Gift', { id, userGuid: ofUser, giver: many(User, JoinColumn({ name: 'giverGuid' })) })],
      ['Gift.giver'],
    ],
  ])('%s', async (_, entities, expected) => {
    expect(await leavingAmong(entities)).toEqual(expected);
  });

  it('leaves on both sides, and from a reference table to the rows that refer to it', async () => {
    expect(await leavingAmong(MARKET)).toEqual([
      'Buyer.favourites',
      'Buyer.followers',
      'Buyer.follows',
      'Buyer.sponsor',
      'Buyer.sponsored',
      'Land.buyers',
      'Land.speciality',
      'Manual.product',
      'Product.fans',
      'Product.manual',
      'Product.purchases',
      'Product.vendor',
      'Purchase.gift',
      'Purchase.product',
      'Vendor.products',
    ]);
  });
});
