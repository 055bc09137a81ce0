import { Module } from '@nestjs/common';
import { ShardingModule } from 'typeorm-sharding/nestjs';
import { Customer } from '../customers/customer.entity';
import { CustomerOrdersController } from './customer-orders.controller';
import { Order } from './order.entity';
import { OrderItem } from './order-item.entity';
import { OrdersController } from './orders.controller';
import { OrdersService } from './orders.service';

@Module({
  imports: [ShardingModule.forFeature([Customer, Order, OrderItem])],
  controllers: [OrdersController, CustomerOrdersController],
  providers: [OrdersService],
})
export class OrdersModule {}
