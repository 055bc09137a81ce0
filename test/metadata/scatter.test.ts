import { ChildEntity, Column, Entity, EntitySchema, PrimaryColumn, TableInheritance } from 'typeorm';
import { declareSharding, Sharded, ShardKey } from '../../src';
import { descriptionsOf, faultsOf } from './entity-set';

@Sharded({ scatter: { mode: 'forbid', maxRows: 10 } })
abstract class Guarded {
  @PrimaryColumn('uuid') @ShardKey() guid!: string;
}

@Entity()
class Root extends Guarded {}

@Entity()
@Sharded({ scatter: { maxShards: 2 } })
class Own extends Guarded {}

@Entity()
class Plain {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => Root) @Column('uuid') guid!: string;
}

@Entity()
@Sharded({ scatter: { maxRows: 3 } })
class Beside {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => Root) @Column('uuid') guid!: string;
}

@Entity()
@TableInheritance({ column: { name: 'type', type: 'varchar' } })
@Sharded({ scatter: { maxRows: 7 } })
class Animal {
  @PrimaryColumn('uuid') @ShardKey() guid!: string;
}

@ChildEntity()
class Dog extends Animal {}

describe('The scatter options of an entity', () => {
  it('come from the nearest class that declares @Sharded()', async () => {
    const { Root: root, Own: own, Animal: animal, Dog: dog } = await descriptionsOf([Root, Own, Animal, Dog]);

    expect(root?.scatter).toEqual({ mode: 'forbid', maxRows: 10 });
    expect(own?.scatter).toEqual({ maxShards: 2 });
    expect([animal?.scatter, dog?.scatter]).toEqual([{ maxRows: 7 }, { maxRows: 7 }]);
  });

  it('may be given to an entity that is stored beside another, and are not taken from that one', async () => {
    const { Plain: plain, Beside: beside } = await descriptionsOf([Root, Plain, Beside]);

    expect(plain).toMatchObject({ group: 'Root', parent: 'Root' });
    expect(plain?.scatter).toBeUndefined();
    expect(beside).toMatchObject({ group: 'Root', parent: 'Root', scatter: { maxRows: 3 } });
  });

  it('may be declared without a class', async () => {
    const schema = new EntitySchema<{ guid: string }>({ name: 'Row', columns: { guid: { type: String, primary: true } } });
    const { Row: row } = await descriptionsOf([declareSharding(schema, { key: ['guid'], scatter: { timeoutMs: 5 } })]);

    expect(row).toMatchObject({ group: 'Row', scatter: { timeoutMs: 5 } });
  });

  it('are checked with the entities', async () => {
    @Entity()
    @Sharded({ scatter: { maxShards: 0, mode: 'never' as 'warn' } })
    class Wrong extends Guarded {}

    expect(await faultsOf([Wrong])).toEqual([
      'Wrong: @Sharded({ scatter }): mode must be one of the following values: allow, warn, forbid.',
      'Wrong: @Sharded({ scatter }): maxShards must not be less than 1.',
    ]);
  });
});
