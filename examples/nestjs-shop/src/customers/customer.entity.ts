import { Column, DeleteDateColumn, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ShardKey } from 'typeorm-sharding';
import { Country } from '../countries/country.entity';

/** A customer. Its id decides on which shard it lives, and its orders with it. */
@Entity()
export class Customer {
  @PrimaryColumn('uuid')
  @ShardKey()
  id!: string;

  @Column('varchar', { length: 254 })
  email!: string;

  @Column('varchar', { length: 100 })
  name!: string;

  @Column('varchar', { length: 2 })
  countryCode!: string;

  /** A reference table, so a foreign key and a join inside the shard. */
  @ManyToOne(() => Country, { nullable: false })
  @JoinColumn({ name: 'countryCode' })
  country?: Relation<Country>;

  @Column('datetime', { precision: 3 })
  registeredAt!: Date;

  /** Set on the row that stands for a registration that never came to its end; see {@link RegistrationService}. Reads leave it out. */
  @DeleteDateColumn({ type: 'datetime', precision: 3 })
  withdrawnAt!: Date | null;
}
