import { Column, JoinTable, ManyToMany, ManyToOne, PrimaryColumn } from 'typeorm';
import { hashRing, modulo, ReferenceTable, Sharded, ShardKey, Unsharded } from '../../src';
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
    [
      'users to users',
      () => {
        const Person = entityOf('Person', { guid, follows: linked(() => Person) });
        return { entities: [Person], relation: 'Person.follows', alone: 'Person' };
      },
    ],
    [
      'notes to users',
      () => {
        const Note = entityOf('Note', { userGuid, no: [PrimaryColumn('int')], readers: linked(() => User) });
        return { entities: [User, Note], relation: 'Note.readers', alone: 'User' };
      },
    ],
    [
      'users to notes',
      () => {
        const Reader = entityOf('Reader', { guid, tags: linked(() => Tag) }, Sharded({ group: 'User' }));
        return { entities: [User, Tag, Reader], relation: 'Reader.tags', alone: 'Reader' };
      },
    ],
  ])('is refused from %s, whose rows may be on other shards', async (_, make) => {
    const { entities, relation, alone } = make();
    expect(await faultsOf(entities)).toEqual([
      `${relation} leaves its group: each ${alone} has a shard key of its own, so the rows linked may be on different shards. ` +
        `Write the links as an entity with @ShardKey(() => ${alone}).`,
    ]);
  });
});
