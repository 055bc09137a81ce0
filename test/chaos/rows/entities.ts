import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { ReferenceTable, Sharded, ShardKey } from 'typeorm-sharding';
import { configuredPlacement } from './placements';

/** On the default ring, with rows of another table beside it. */
@Entity()
export class Account {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  @ShardKey()
  id!: string;

  @Column({ type: 'varchar', length: 20 })
  bucket!: string;

  @Column({ type: 'int' })
  stamp!: number;

  @Column({ type: 'int' })
  count!: number;

  @OneToMany(
    () => Entry,
    (entry) => entry.account,
  )
  entries!: Relation<Entry>[];
}

/** Stored beside its account; a foreign key without an action of its own. */
@Entity()
export class Entry {
  @PrimaryColumn({ type: 'varchar', length: 50 })
  id!: string;

  @Column({ type: 'varchar', length: 40 })
  @ShardKey(() => Account)
  accountId!: string;

  @ManyToOne(
    () => Account,
    (account) => account.entries,
  )
  @JoinColumn({ name: 'accountId' })
  account!: Relation<Account>;

  @Column({ type: 'int' })
  amount!: number;
}

/** Integer keys by their remainder. */
@Entity()
@Sharded({ placement: configuredPlacement('Meter') })
export class Meter {
  @PrimaryColumn({ type: 'int' })
  @ShardKey()
  id!: number;

  @Column({ type: 'varchar', length: 20 })
  bucket!: string;

  @Column({ type: 'int' })
  stamp!: number;

  @Column({ type: 'int' })
  count!: number;
}

/** Integer keys by ranges. */
@Entity()
@Sharded({ placement: configuredPlacement('Reading') })
export class Reading {
  @PrimaryColumn({ type: 'int' })
  @ShardKey()
  id!: number;

  @Column({ type: 'varchar', length: 20 })
  bucket!: string;

  @Column({ type: 'int' })
  stamp!: number;

  @Column({ type: 'int' })
  count!: number;
}

/** Only ever inserted, so that a count while writers run lies between those before and after it. */
@Entity()
export class Tick {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  @ShardKey()
  id!: string;

  @Column({ type: 'int' })
  stamp!: number;
}

/** Incremented by all writers. */
@Entity()
export class Counter {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  @ShardKey()
  id!: string;

  @Column({ type: 'int' })
  count!: number;
}

/** A copy on every shard. */
@Entity()
@ReferenceTable()
export class Country {
  @PrimaryColumn({ type: 'varchar', length: 2 })
  code!: string;

  @Column({ type: 'varchar', length: 40 })
  name!: string;
}

/** All of them. */
export const entities = [Account, Entry, Meter, Reading, Tick, Counter, Country];

/** Whose rows each writer has for itself. */
export type OwnedTable = 'Account' | 'Meter' | 'Reading';

/** The class of each. */
export const owned = { Account, Meter, Reading } as const;

/** How many shared counters there are. */
export const counterCount = 8;

/** The rows of the reference table. */
export const countries = ['de', 'fr', 'nl', 'se'].map((code) => ({ code, name: `name of ${code}` }));
