import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { ShardingHealthIndicator } from 'typeorm-sharding/nestjs';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly shards: ShardingHealthIndicator,
  ) {}

  /** 200 while every shard answers, else 503, with each shard by name. */
  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.shards.isHealthy('shards', { timeoutMs: 1_000 })]);
  }
}
