import { Column, Entity, EntitySchema, JoinColumn, ManyToOne, OneToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import {
  describeSharding,
  modulo,
  ShardedDataSource,
  type ShardedDataSourceOptions,
  ShardKey,
  ShardKeyInvalidError,
  type ShardKeyValue,
} from '../../src';
import { descriptionsOf, dialects, entityOf, faultsOf } from './entity-set';

@Entity()
class User {
  @PrimaryColumn() @ShardKey() guid!: string;
}

@Entity()
class Order {
  @PrimaryGeneratedColumn('uuid') id!: string;
  @ShardKey(() => User) @Column() userGuid!: string;
  @ManyToOne(() => User) @JoinColumn({ name: 'userGuid' }) user!: User;
}

@Entity()
class Invoice {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => Order) @Column() userGuid!: string;
}

describe('ShardKey()', () => {
  describe.each(dialects)('on %s', (type) => {
    it('makes a column the key of a group of its own', async () => {
      expect(await describeSharding([User], { type })).toEqual([
        {
          entity: 'User',
          kind: 'sharded',
          group: 'User',
          placement: 'hashRing()',
          key: [{ property: 'guid', type: 'string' }],
        },
      ]);
    });

    it('puts children and grandchildren beside their parent, whatever the order of the entities', async () => {
      for (const entities of [
        [User, Order, Invoice],
        [Invoice, Order, User],
      ]) {
        const { Order: order, Invoice: invoice } = await descriptionsOf(entities, { type });
        expect(order).toMatchObject({ group: 'User', parent: 'User', key: [{ property: 'userGuid', type: 'string' }] });
        expect(invoice).toMatchObject({ group: 'User', parent: 'Order' });
      }
    });
  });

  it.each([
    ['a number', PrimaryColumn({ type: Number }), 'integer'],
    ['a bigint column', PrimaryColumn('bigint'), 'integer'],
    ['a generated UUID', PrimaryGeneratedColumn('uuid'), 'uuid'],
    ['a uuid column', PrimaryColumn('uuid'), 'uuid'],
    ['a varchar column', PrimaryColumn('varchar'), 'string'],
    ['a text column', PrimaryColumn('text'), 'string'],
  ])('understands %s', async (_, column, type) => {
    const [description] = await describeSharding([entityOf('Keyed', { key: [column, ShardKey()] })], { type: 'postgres' });
    expect(description?.key).toEqual([{ property: 'key', type }]);
  });

  describe('on an owning relation', () => {
    @Entity()
    class Profile {
      @PrimaryColumn('uuid') id!: string;
      @ShardKey(() => User) @ManyToOne(() => User, { nullable: false }) owner!: User;
    }
    @Entity()
    class Passport {
      @PrimaryColumn('uuid') id!: string;
      @ShardKey(() => User) @OneToOne(() => User, { nullable: false }) @JoinColumn() holder!: User;
    }

    it('takes the column that the relation joins by', async () => {
      const { Profile: profile, Passport: passport } = await descriptionsOf([User, Profile, Passport]);
      expect(profile).toMatchObject({ parent: 'User', key: [{ property: 'owner.guid', type: 'string' }] });
      expect(passport).toMatchObject({ parent: 'User', key: [{ property: 'holder.guid', type: 'string' }] });
    });
  });

  describe('on several properties', () => {
    @Entity()
    class Declared {
      @PrimaryColumn() @ShardKey() tenant!: string;
      @PrimaryColumn() @ShardKey() id!: number;
    }
    @Entity()
    class Ordered {
      @PrimaryColumn() @ShardKey({ order: 2 }) tenant!: string;
      @PrimaryColumn() @ShardKey({ order: 1 }) id!: number;
    }

    it('keeps the order of declaration', async () => {
      const { Declared: declared } = await descriptionsOf([Declared]);
      expect(declared?.key).toEqual([
        { property: 'tenant', type: 'string' },
        { property: 'id', type: 'integer' },
      ]);
    });

    it('takes the order given instead', async () => {
      const { Ordered: ordered } = await descriptionsOf([Ordered]);
      expect(ordered?.key?.map(({ property }) => property)).toEqual(['id', 'tenant']);
    });
  });

  describe('beside a parent', () => {
    @Entity()
    class Crossed {
      @PrimaryColumn('uuid') id!: string;
      @ShardKey(() => User) @Column() owner!: number;
    }
    @Entity()
    class Lost {
      @PrimaryColumn() @ShardKey(() => Order) guid!: string;
    }
    class Round {
      @PrimaryColumn() @ShardKey(() => Trip) guid!: string;
    }
    class Trip {
      @PrimaryColumn() @ShardKey(() => Round) guid!: string;
    }
    const Named = new EntitySchema<object>({ name: 'Nothing', columns: {} });
    @Entity()
    class Unnamed {
      @PrimaryColumn() @ShardKey(() => Named) guid!: string;
    }

    it('refuses a key of another type', async () => {
      expect(await faultsOf([User, Crossed])).toEqual(['The shard key of Crossed (integer) differs in type from that of User (string).']);
    });

    it('refuses a parent that is not among the entities, by any kind of name', async () => {
      expect(await faultsOf([Lost])).toEqual(['Lost is stored beside Order, which is not among the entities.']);
      expect(await faultsOf([Unnamed])).toEqual(['Unnamed is stored beside an entity, which is not among the entities.']);
    });

    it('refuses entities that are stored beside each other in a circle', async () => {
      Entity()(Round);
      Entity()(Trip);
      expect(await faultsOf([Round, Trip])).toContain('Trip and Round are stored beside each other in a circle; one must be the root.');
    });
  });

  describe('with normalize', () => {
    @Entity()
    class Account {
      @PrimaryColumn() @ShardKey({ normalize: (value) => value.toLowerCase() }) email!: string;
    }
    @Entity()
    class Login {
      @PrimaryColumn('uuid') id!: string;
      @ShardKey(() => Account) @Column() email!: string;
    }
    @Entity()
    class Exact {
      @PrimaryColumn() @ShardKey() email!: string;
    }
    const emails = Array.from({ length: 40 }, (_, index) => `User.${index}@Example.org`);

    async function withCluster(work: (shardOf: (entity: new () => object, key: ShardKeyValue) => string) => void): Promise<void> {
      const cluster = new ShardedDataSource({
        type: 'sqljs',
        entities: [Account, Login, Exact],
        shards: ['a', 'b', 'c'].map((name) => ({ name })),
        lazy: true,
      });
      await cluster.initialize();
      try {
        work((entity, key) => cluster.shardFor(entity, key).name);
      } finally {
        await cluster.destroy();
      }
    }

    it('routes every spelling as one', async () => {
      await withCluster((shardOf) => {
        const shards = (entity: new () => object, spell: (email: string) => string) => emails.map((email) => shardOf(entity, spell(email)));
        expect(shards(Account, (email) => email.toUpperCase())).toEqual(shards(Account, (email) => email.toLowerCase()));
        expect(shards(Exact, (email) => email.toUpperCase())).not.toEqual(shards(Exact, (email) => email.toLowerCase()));
      });
    });

    it('is inherited by what is stored beside the entity', async () => {
      await withCluster((shardOf) => {
        for (const email of emails) expect(shardOf(Login, email)).toBe(shardOf(Account, email));
      });
    });
  });

  it('names the shard of a composite key by values in order or by property', async () => {
    @Entity()
    class Item {
      @PrimaryColumn() @ShardKey() tenant!: string;
      @PrimaryColumn() @ShardKey() id!: number;
    }
    const shards = ['a', 'b', 'c'].map((name) => ({ name }));
    const cluster = new ShardedDataSource({ type: 'sqljs', entities: [Item], shards, lazy: true });
    await cluster.initialize();
    for (let id = 0; id < 30; id += 1) {
      expect(cluster.shardFor(Item, { id, tenant: 't' }).name).toBe(cluster.shardFor(Item, ['t', id]).name);
    }
    expect(() => cluster.shardFor(Item, 't')).toThrow('Item cannot route: the key has 2 part(s), but 1 were given.');
    expect(() => cluster.shardFor(Item, { tenant: 't' })).toThrow('Item.id cannot route: it has no value.');
    await cluster.destroy();
  });

  it.each([
    ['mysql', undefined, 255],
    ['mariadb', 20, 20],
    ['postgres', 20, 20],
    ['postgres', undefined, undefined],
    ['better-sqlite3', 20, undefined],
    ['sqljs', undefined, undefined],
  ] as const)('refuses, on %s, what is longer than a column of %p characters', async (type, length, most) => {
    const Long = entityOf('Long', { key: [PrimaryColumn({ type: 'varchar', ...(length && { length }) }), ShardKey()] });
    const shards = ['a', 'b'].map((name) => ({ name, host: name, database: `${name}.sqlite` }));
    const cluster = new ShardedDataSource({ type, entities: [Long], shards, lazy: true } as ShardedDataSourceOptions);
    await cluster.initialize();
    expect(cluster.shardFor(Long, '😀'.repeat(most ?? 10_240)).name).toMatch(/^[ab]$/);
    if (most) expect(() => cluster.shardFor(Long, '😀'.repeat(most + 1))).toThrow(ShardKeyInvalidError);
    await cluster.destroy();
  });

  it('is placed by number where the placement is ordered', async () => {
    @Entity()
    class Row {
      @PrimaryColumn() @ShardKey() id!: number;
    }
    const [description] = await describeSharding([Row], { placement: modulo(['a', 'b']) });
    expect(description?.placement).toBe('modulo (2 shards)');
  });
});
