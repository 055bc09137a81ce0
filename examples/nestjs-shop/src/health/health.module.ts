import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ShardingHealthIndicator } from 'typeorm-sharding/nestjs';
import { HealthController } from './health.controller';

@Module({
  imports: [TerminusModule.forRoot({ errorLogStyle: 'pretty' })],
  controllers: [HealthController],
  providers: [ShardingHealthIndicator],
})
export class HealthModule {}
