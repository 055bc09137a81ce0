import { randomUUID } from 'node:crypto';
import { Injectable, NotFoundException } from '@nestjs/common';
import { type FindManyOptions, MoreThanOrEqual } from 'typeorm';
import type { Page, RouteExplanation, ShardedDataSource, ShardedRepository } from 'typeorm-sharding';
import { InjectShardedDataSource, InjectShardedRepository } from 'typeorm-sharding/nestjs';
import { Customer } from '../customers/customer.entity';
import type { ListOrdersDto, PageDto } from './list-orders.dto';
import { Order } from './order.entity';
import { OrderItem } from './order-item.entity';
import type { PlaceItemDto } from './place-order.dto';

/** What a list of all orders may cost: a page takes a share of each shard, and nobody waits longer than two seconds for it. */
const ALL_ORDERS = { maxRows: 1_000, timeoutMs: 2_000 } as const;

/** Places and lists orders. */
@Injectable()
export class OrdersService {
  constructor(
    @InjectShardedRepository(Order) private readonly orders: ShardedRepository<Order>,
    @InjectShardedRepository(Customer) private readonly customers: ShardedRepository<Customer>,
    @InjectShardedDataSource() private readonly cluster: ShardedDataSource,
  ) {}

  /**
   * Places an order with its items, in one transaction on the customer's shard.
   *
   * @throws NotFoundException when there is no such customer.
   */
  place(customerId: string, items: readonly PlaceItemDto[]): Promise<Order> {
    return this.cluster.manager.forKey(Customer, customerId).transaction(async (manager) => {
      if (!(await manager.existsBy(Customer, { id: customerId }))) throw noSuchCustomer();
      const totalCents = items.reduce((sum, { quantity, unitPriceCents }) => sum + quantity * unitPriceCents, 0);
      const order = { id: randomUUID(), customerId, placedAt: new Date(), totalCents };
      const lines = items.map((item, index) => ({ ...item, orderId: order.id, line: index + 1, customerId }));
      await manager.insert(Order, order);
      await manager.insert(OrderItem, lines);
      return { ...order, items: lines };
    });
  }

  /** A customer's orders, the latest first; only the customer's shard is asked. @throws NotFoundException */
  async listOf(customerId: string, page: PageDto): Promise<Page<Order>> {
    if (!(await this.customers.existsBy({ id: customerId }))) throw noSuchCustomer();
    return this.orders.findPage({ where: { customerId }, ...LATEST_FIRST, ...pageOf(page) });
  }

  /** The orders of all customers, the latest first: every shard is asked, and the answer is that of one database. */
  listAll(wanted: ListOrdersDto): Promise<Page<Order>> {
    return this.orders.withScatter(ALL_ORDERS).findPage({ ...listed(wanted), ...pageOf(wanted) });
  }

  /** Explains {@link listAll} without running it. */
  explainAll(wanted: ListOrdersDto): Promise<RouteExplanation> {
    return this.orders.withScatter(ALL_ORDERS).explain({ ...listed(wanted), take: wanted.limit });
  }
}

const LATEST_FIRST = { order: { placedAt: 'DESC' }, relations: { items: true } } as const;

function listed({ since, minimumCents }: ListOrdersDto): FindManyOptions<Order> {
  const where = {
    ...(since && { placedAt: MoreThanOrEqual(since) }),
    ...(minimumCents !== undefined && { totalCents: MoreThanOrEqual(minimumCents) }),
  };
  return { where, ...LATEST_FIRST };
}

function pageOf({ limit, after, before }: PageDto): { limit: number; after?: string; before?: string } {
  return { limit, ...(after !== undefined && { after }), ...(before !== undefined && { before }) };
}

function noSuchCustomer(): NotFoundException {
  return new NotFoundException('no customer has this id');
}
