import { Module } from '@nestjs/common';
import { ShardingModule } from 'typeorm-sharding/nestjs';
import { CountriesController } from './countries.controller';
import { CountriesService } from './countries.service';
import { Country } from './country.entity';

@Module({
  imports: [ShardingModule.forFeature([Country])],
  controllers: [CountriesController],
  providers: [CountriesService],
  exports: [CountriesService],
})
export class CountriesModule {}
