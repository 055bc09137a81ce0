import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ShardKey } from 'typeorm-sharding';
import { Customer } from '../customers/customer.entity';
import { Order } from './order.entity';

/** A line of an order. It carries the customer's id, because that decides where it lives: beside the order. */
@Entity()
export class OrderItem {
  @PrimaryColumn('uuid')
  orderId!: string;

  @PrimaryColumn('int')
  line!: number;

  @ShardKey(() => Customer)
  @Column('uuid')
  customerId!: string;

  @ManyToOne(
    () => Order,
    (order) => order.items,
    { nullable: false },
  )
  @JoinColumn({ name: 'orderId' })
  order?: Relation<Order>;

  @Column('varchar', { length: 100 })
  product!: string;

  @Column('int')
  quantity!: number;

  @Column('int')
  unitPriceCents!: number;
}
