import { Controller, Get, Query } from '@nestjs/common';
import type { RouteExplanation } from 'typeorm-sharding';
import { ListOrdersDto } from './list-orders.dto';
import { type OrderPageView, orderPageView } from './order-view';
import { OrdersService } from './orders.service';

/** The orders of all customers. */
@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get()
  async list(@Query() wanted: ListOrdersDto): Promise<OrderPageView> {
    return orderPageView(await this.orders.listAll(wanted));
  }

  /** Where the list would come from, and what it may cost. */
  @Get('route')
  explain(@Query() wanted: ListOrdersDto): Promise<RouteExplanation> {
    return this.orders.explainAll(wanted);
  }
}
