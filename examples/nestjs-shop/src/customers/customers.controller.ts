import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { FindCustomerDto, RegisterCustomerDto } from './customer.dto';
import { type CustomerView, customerView } from './customer-view';
import { type CustomerHome, CustomersService } from './customers.service';
import { OnCustomerShard } from './on-customer-shard';
import { RegistrationService } from './registration.service';

@Controller('customers')
export class CustomersController {
  constructor(
    private readonly customers: CustomersService,
    private readonly registration: RegistrationService,
  ) {}

  @Post()
  async register(@Body() customer: RegisterCustomerDto): Promise<CustomerView> {
    return customerView(await this.customers.get(await this.registration.register(customer)));
  }

  @Get()
  async findByEmail(@Query() { email }: FindCustomerDto): Promise<CustomerView> {
    return customerView(await this.customers.getByEmail(email));
  }

  @Get(':id')
  @OnCustomerShard()
  async get(@Param('id', ParseUUIDPipe) id: string): Promise<CustomerView> {
    return customerView(await this.customers.get(id));
  }

  /** Not on the customer's shard, so that it shows what the id alone proves. */
  @Get(':id/shard')
  homeOf(@Param('id', ParseUUIDPipe) id: string): Promise<CustomerHome> {
    return this.customers.homeOf(id);
  }
}
