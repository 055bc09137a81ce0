import { Module, ValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { ShardingModule } from 'typeorm-sharding/nestjs';
import { CountriesModule } from './countries/countries.module';
import { CustomersModule } from './customers/customers.module';
import { ShardingErrorFilter } from './errors/sharding-error.filter';
import { HealthModule } from './health/health.module';
import { OrdersModule } from './orders/orders.module';
import { clusterOptions } from './settings/cluster-options';
import { Settings } from './settings/settings';
import { SettingsModule } from './settings/settings.module';

@Module({
  imports: [
    SettingsModule,
    ShardingModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: (settings: Settings) => ({ ...clusterOptions(settings), autoLoadEntities: true }),
    }),
    CountriesModule,
    CustomersModule,
    OrdersModule,
    HealthModule,
  ],
  providers: [
    { provide: APP_PIPE, useFactory: () => new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }) },
    { provide: APP_FILTER, useClass: ShardingErrorFilter },
  ],
})
export class AppModule {}
