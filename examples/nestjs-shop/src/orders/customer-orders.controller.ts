import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { OnCustomerShard } from '../customers/on-customer-shard';
import { PageDto } from './list-orders.dto';
import { type OrderPageView, type OrderView, orderPageView, orderView } from './order-view';
import { OrdersService } from './orders.service';
import { PlaceOrderDto } from './place-order.dto';

/** The orders of one customer. */
@Controller('customers/:id/orders')
@OnCustomerShard()
export class CustomerOrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  async place(@Param('id', ParseUUIDPipe) customerId: string, @Body() { items }: PlaceOrderDto): Promise<OrderView> {
    return orderView(await this.orders.place(customerId, items));
  }

  @Get()
  async list(@Param('id', ParseUUIDPipe) customerId: string, @Query() page: PageDto): Promise<OrderPageView> {
    return orderPageView(await this.orders.listOf(customerId, page));
  }
}
