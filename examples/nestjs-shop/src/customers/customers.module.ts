import { Module } from '@nestjs/common';
import { ShardingModule } from 'typeorm-sharding/nestjs';
import { CountriesModule } from '../countries/countries.module';
import { SettingsModule } from '../settings/settings.module';
import { Customer } from './customer.entity';
import { CustomerEmail } from './customer-email.entity';
import { CustomersController } from './customers.controller';
import { CustomersService } from './customers.service';
import { RegistrationService } from './registration.service';

@Module({
  imports: [ShardingModule.forFeature([Customer, CustomerEmail]), CountriesModule, SettingsModule],
  controllers: [CustomersController],
  providers: [CustomersService, RegistrationService],
  exports: [CustomersService],
})
export class CustomersModule {}
