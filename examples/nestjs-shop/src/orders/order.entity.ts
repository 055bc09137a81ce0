import { Column, Entity, Index, JoinColumn, ManyToOne, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { ShardKey } from 'typeorm-sharding';
import { Customer } from '../customers/customer.entity';
import { OrderItem } from './order-item.entity';

/** An order, stored beside its customer. */
@Entity()
@Index(['customerId', 'placedAt'])
@Index(['placedAt'])
export class Order {
  @PrimaryColumn('uuid')
  id!: string;

  @ShardKey(() => Customer)
  @Column('uuid')
  customerId!: string;

  @ManyToOne(() => Customer, { nullable: false })
  @JoinColumn({ name: 'customerId' })
  customer?: Relation<Customer>;

  @Column('datetime', { precision: 3 })
  placedAt!: Date;

  @Column('int')
  totalCents!: number;

  @OneToMany(
    () => OrderItem,
    (item) => item.order,
  )
  items?: Relation<OrderItem>[];
}
