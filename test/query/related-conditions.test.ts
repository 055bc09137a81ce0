import { Column, Entity, In, IsNull, JoinColumn, ManyToOne, Not, OneToMany, Or, PrimaryColumn, type Relation } from 'typeorm';
import { ReferenceTable, ShardKey } from '../../src';
import { Proofs } from './proofs';

@Entity()
@ReferenceTable()
class Country {
  @PrimaryColumn() code!: string;
}

@Entity()
class Owner {
  @PrimaryColumn() @ShardKey() guid!: string;
  @Column() name!: string;
  @ManyToOne(() => Country) country!: Country;
  @OneToMany(
    () => Pet,
    (pet) => pet.owner,
  )
  pets!: Relation<Pet>[];
}

@Entity()
class Pet {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => Owner) @Column() ownerGuid!: string;
  @Column() name!: string;
  @ManyToOne(
    () => Owner,
    (owner) => owner.pets,
  )
  @JoinColumn({ name: 'ownerGuid' })
  owner!: Owner;
  @OneToMany(
    () => Toy,
    (toy) => toy.pet,
  )
  toys!: Relation<Toy>[];
}

@Entity()
class Toy {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => Owner) @Column() ownerGuid!: string;
  @Column('uuid') petId!: string;
  @ManyToOne(
    () => Pet,
    (pet) => pet.toys,
  )
  @JoinColumn({ name: 'petId' })
  pet!: Pet;
}

describe('A condition on related rows of the group', () => {
  let owners: Proofs;
  let toys: Proofs;
  /** Two owners of two shards. */
  let [u, v] = ['', ''];

  beforeAll(async () => {
    owners = await Proofs.of([Owner, Pet, Toy, Country]);
    toys = await Proofs.of([Toy, Pet, Owner, Country]);
    u = 'ada';
    v = Array.from({ length: 50 }, (_, at) => `v${at}`).find((key) => owners.owner(key) !== owners.owner(u))!;
  });

  it('proves the shard of their key, through any number of relations', () => {
    expect(owners.of({ pets: { ownerGuid: u } })).toMatchObject({ route: 'one', shards: [owners.owner(u)] });
    expect(owners.of({ pets: { toys: { ownerGuid: u } } })).toMatchObject({ route: 'one', shards: [owners.owner(u)] });
    expect(toys.of({ pet: { owner: { guid: u } } })).toMatchObject({ route: 'one', shards: [owners.owner(u)] });
    expect(owners.of({ pets: { ownerGuid: In([u, v]) } }).shards).toHaveLength(2);
  });

  it('proves the shards of any of several', () => {
    expect(owners.of({ pets: [{ ownerGuid: u }, { ownerGuid: v }] as never }).shards).toHaveLength(2);
    expect(owners.of({ pets: [{ ownerGuid: u }, { name: 'x' }] as never }).route).toBe('all');
  });

  it('narrows what the own key proves, to nothing where they exclude each other', () => {
    expect(owners.of({ guid: In([u, v]), pets: { ownerGuid: v } })).toMatchObject({ route: 'one', shards: [owners.owner(v)] });
    expect(owners.of({ guid: u, pets: { ownerGuid: v } })).toMatchObject({ route: 'none' });
  });

  it.each<[string, object]>([
    ['another column', { pets: { name: 'x' } }],
    ['a negation', { pets: { ownerGuid: Not('x') } }],
    ['an alternative with something unproved', { pets: { ownerGuid: Or(In(['x']), Not('y')) } }],
    ['NULL', { pets: { ownerGuid: IsNull() } }],
    ['null, which TypeORM itself refuses', { pets: { ownerGuid: null } }],
    ['nothing', { pets: {} }],
    ['an empty list', { pets: [] }],
    ['a reference table', { country: { code: 'de' } }],
  ])('proves nothing by %s', (_name, where) => {
    expect(owners.of(where).route).toBe('all');
  });
});
