import {
  Column,
  DeleteDateColumn,
  Entity,
  type EntityTarget,
  JoinColumn,
  ManyToOne,
  type ObjectLiteral,
  OneToMany,
  PrimaryColumn,
  type Relation,
} from 'typeorm';
import { ReferenceTable, ShardKey } from '../../src';
import type { DatabaseKind } from '../database';
import { type ColumnFact, column, keyOptions, text } from './columns';

/** The entities that calls are made on; countries are only read along. */
export type EntityName = 'User' | 'Order' | 'Note';

/** What generators know of an entity. */
export interface EntityFacts {
  readonly name: EntityName;
  /** Properties of the primary key, in its order. */
  readonly primaryKey: readonly string[];
  /** The property that holds the shard key. */
  readonly shardKey: string;
  readonly columns: readonly ColumnFact[];
  /** Columns of an embedded object or a to-one relation, by their path. */
  readonly reached: readonly { readonly path: string; readonly of: 'embedded' | 'to-one' | 'to-many'; readonly column: ColumnFact }[];
  readonly relations: readonly string[];
  /** An integer that increments cannot make overflow. */
  readonly counter: string;
  readonly softDeletes: boolean;
}

/** The classes of one kind of database, and what generators know of them. */
export interface OracleEntities {
  readonly kind: DatabaseKind;
  readonly targets: Readonly<Record<EntityName | 'Country', EntityTarget<ObjectLiteral>>>;
  readonly facts: Readonly<Record<EntityName, EntityFacts>>;
  readonly cities: readonly ColumnFact[];
  readonly countries: readonly ColumnFact[];
}

/** Makes the entities anew, since the types of their columns are the database's. */
export function oracleEntities(kind: DatabaseKind): OracleEntities {
  const columns = columnsOf(kind);
  return { kind, targets: classesOf(kind, columns), facts: factsOf(columns), cities: columns.address, countries: columns.country };
}

function columnsOf(kind: DatabaseKind) {
  const user = [
    column(kind, 'score', 'integer'),
    column(kind, 'big', 'bigint'),
    column(kind, 'price', 'decimal'),
    column(kind, 'ratio', 'double'),
    column(kind, 'weight', 'single'),
    column(kind, 'active', 'boolean'),
    column(kind, 'at', 'time'),
    column(kind, 'born', 'date'),
    column(kind, 'size', 'choice'),
    column(kind, 'token', 'uuid'),
    column(kind, 'bytes', 'bytes'),
    ...(['folded', 'spoken', 'padded', 'exact', 'modern'] as const).map((order) => text(kind, order)),
  ];
  const order = [
    column(kind, 'amount', 'integer'),
    column(kind, 'total', 'decimal'),
    column(kind, 'placed', 'time'),
    text(kind, 'spoken', 'item'),
  ];
  const note = [column(kind, 'rank', 'integer'), column(kind, 'big', 'bigint'), text(kind, 'folded', 'line'), text(kind, 'exact')];
  return {
    user,
    order,
    note,
    address: [text(kind, 'modern', 'city'), column(kind, 'zip', 'integer')],
    country: [text(kind, 'folded', 'name'), column(kind, 'people', 'bigint')],
  };
}

type Columns = ReturnType<typeof columnsOf>;

function factsOf({ user, order, note, address, country }: Columns): OracleEntities['facts'] {
  const reach = (path: string, of: 'embedded' | 'to-one' | 'to-many', columns: readonly ColumnFact[]) =>
    columns.map((each) => ({ path: `${path}.${each.property}`, of, column: each }));
  return {
    User: {
      name: 'User',
      primaryKey: ['guid'],
      shardKey: 'guid',
      columns: user,
      reached: [
        ...reach('address', 'embedded', address),
        ...reach('country', 'to-one', country),
        ...reach('orders', 'to-many', order),
        ...reach('notes', 'to-many', note),
      ],
      relations: ['country', 'orders', 'notes'],
      counter: 'score',
      softDeletes: true,
    },
    Order: {
      name: 'Order',
      primaryKey: ['userGuid', 'nr'],
      shardKey: 'userGuid',
      columns: order,
      reached: [...reach('user', 'to-one', user), ...reach('user.address', 'to-one', address)],
      relations: ['user'],
      counter: 'amount',
      softDeletes: false,
    },
    Note: {
      name: 'Note',
      primaryKey: ['id'],
      shardKey: 'userGuid',
      columns: note,
      reached: reach('user', 'to-one', user),
      relations: ['user'],
      counter: 'rank',
      softDeletes: true,
    },
  };
}

function classesOf(kind: DatabaseKind, columns: Columns): OracleEntities['targets'] {
  @ReferenceTable()
  @Entity()
  class Country {
    @PrimaryColumn(keyOptions(kind))
    code!: string;
  }

  class Address {}

  @Entity()
  class User {
    @PrimaryColumn(keyOptions(kind))
    @ShardKey()
    guid!: string;

    @Column(() => Address)
    address!: Address;

    @ManyToOne(() => Country, { nullable: true })
    country!: Relation<Country> | null;

    @OneToMany(
      () => Order,
      (order) => order.user,
    )
    orders!: Relation<Order>[];

    @OneToMany(
      () => Note,
      (note) => note.user,
    )
    notes!: Relation<Note>[];

    @DeleteDateColumn()
    deletedAt!: Date | null;
  }

  @Entity()
  class Order {
    @PrimaryColumn(keyOptions(kind))
    @ShardKey(() => User)
    userGuid!: string;

    @PrimaryColumn({ type: 'int' })
    nr!: number;

    @ManyToOne(
      () => User,
      (user) => user.orders,
      { onDelete: 'CASCADE' },
    )
    @JoinColumn({ name: 'userGuid' })
    user!: Relation<User>;
  }

  @Entity()
  class Note {
    @PrimaryColumn(kind === 'mariadb' || kind === 'postgres' ? { type: 'uuid' } : { type: 'varchar', length: 36 })
    id!: string;

    @Column(keyOptions(kind))
    @ShardKey(() => User)
    userGuid!: string;

    @ManyToOne(
      () => User,
      (user) => user.notes,
      { onDelete: 'CASCADE' },
    )
    @JoinColumn({ name: 'userGuid' })
    user!: Relation<User>;

    @DeleteDateColumn()
    deletedAt!: Date | null;
  }

  addColumns(Country.prototype, columns.country);
  addColumns(Address.prototype, columns.address);
  addColumns(User.prototype, columns.user);
  addColumns(Order.prototype, columns.order);
  addColumns(Note.prototype, columns.note);
  return { Country, User, Order, Note };
}

function addColumns(prototype: object, facts: readonly ColumnFact[]): void {
  for (const { property, options } of facts) Column(options)(prototype, property);
}
