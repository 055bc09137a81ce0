import type { Page } from 'typeorm-sharding';
import type { Order } from './order.entity';

/** An order as the interface shows it. */
export interface OrderView {
  readonly id: string;
  readonly customerId: string;
  readonly placedAt: string;
  readonly totalCents: number;
  readonly items: readonly { readonly product: string; readonly quantity: number; readonly unitPriceCents: number }[];
}

/** A page of orders, with cursors to its neighbours; null where there is none. */
export interface OrderPageView {
  readonly orders: readonly OrderView[];
  readonly next: string | null;
  readonly previous: string | null;
}

/** Shows an order that was loaded with its items. */
export function orderView({ id, customerId, placedAt, totalCents, items }: Order): OrderView {
  const lines = [...(items ?? [])].sort((left, right) => left.line - right.line);
  const shown = lines.map(({ product, quantity, unitPriceCents }) => ({ product, quantity, unitPriceCents }));
  return { id, customerId, placedAt: placedAt.toISOString(), totalCents, items: shown };
}

/** Shows a page of orders. */
export function orderPageView({ rows, next, previous }: Page<Order>): OrderPageView {
  return { orders: rows.map(orderView), next, previous };
}
