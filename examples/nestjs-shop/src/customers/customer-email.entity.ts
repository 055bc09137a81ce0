import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ShardKey } from 'typeorm-sharding';

/**
 * Who has an e-mail address. It is sharded by the address, so a customer is found by e-mail with two calls to one shard each, however
 * many shards there are; and the primary key lets one customer alone have an address, which a unique index of `Customer` could not,
 * since it would hold inside each shard only.
 */
@Entity()
export class CustomerEmail {
  @PrimaryColumn('varchar', { length: 254 })
  @ShardKey()
  email!: string;

  @Column('uuid')
  customerId!: string;

  @Column('datetime', { precision: 3 })
  reservedAt!: Date;
}
