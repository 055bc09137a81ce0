import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { NotInitializedError, type ShardedDataSource, type ShardHealth, ShardingError } from 'typeorm-sharding';
import { getShardedDataSourceToken } from './tokens.js';

/** Which cluster is asked, and how long. */
export interface ShardingHealthOptions {
  /** Name of the cluster. @defaultValue 'default' */
  readonly cluster?: string;
  /** How long each shard may take to answer, in milliseconds. @defaultValue 2000 */
  readonly timeoutMs?: number;
}

/** Why a shard or a cluster is down; never the driver's own words, which may name users and hosts. */
export interface HealthFault {
  /** Code of the error. */
  readonly code: string;
  /** Message of the error. */
  readonly message: string;
}

/** How one shard answered. */
export interface ShardState {
  /** `unopened`: the cluster is `lazy` and nothing has asked for the shard yet; it does not count as down. */
  readonly status: ShardHealth['status'];
  /** Time to the answer, in milliseconds; only when it is up. */
  readonly latencyMs?: number;
  /** Why it is down. */
  readonly error?: HealthFault;
}

/** How a cluster answered, as Terminus shows it. */
export interface ClusterState {
  /** Whether every open shard answers. */
  readonly status: 'up' | 'down';
  /** The state of each shard, by its name. */
  readonly shards: Readonly<Record<string, ShardState>>;
  /** Why the cluster itself cannot be asked. */
  readonly error?: HealthFault;
}

/** Tells Terminus 11 and 12 whether every shard of a cluster answers: `health.check([() => sharding.isHealthy('database')])`. */
@Injectable()
export class ShardingHealthIndicator {
  readonly #moduleRef: ModuleRef;

  constructor(@Inject(ModuleRef) moduleRef: ModuleRef) {
    this.#moduleRef = moduleRef;
  }

  /**
   * Asks every shard at once for the simplest answer. One that is down, or a cluster that is not initialized, makes the result `down`;
   * it throws nothing for them.
   *
   * @param key - under which the result is shown.
   * @throws {UnknownElementException} (of NestJS) when the application has no cluster of that name.
   */
  async isHealthy<const Key extends string>(key: Key, options: ShardingHealthOptions = {}): Promise<Record<Key, ClusterState>> {
    const cluster = this.#moduleRef.get<ShardedDataSource>(getShardedDataSourceToken(options.cluster), { strict: false });
    return { [key]: await stateOf(cluster, options) } as Record<Key, ClusterState>;
  }
}

async function stateOf(cluster: ShardedDataSource, { timeoutMs }: ShardingHealthOptions): Promise<ClusterState> {
  if (!cluster.isInitialized) return { status: 'down', shards: {}, error: faultOf(new NotInitializedError()) };
  const answers = await cluster.health(timeoutMs === undefined ? {} : { timeoutMs });
  const status = answers.some((each) => each.status === 'down') ? 'down' : 'up';
  return { status, shards: Object.fromEntries(answers.map((answer) => [answer.shard, shownState(answer)])) };
}

function shownState({ status, latencyMs, error }: ShardHealth): ShardState {
  return {
    status,
    ...(latencyMs !== undefined && { latencyMs: Math.round(latencyMs * 100) / 100 }),
    ...(status === 'down' && { error: faultOf(error) }),
  };
}

/** The library's own messages hold no secrets; others may. */
function faultOf(error: unknown): HealthFault {
  if (error instanceof ShardingError) return { code: error.code, message: error.message };
  const kind = error instanceof Error ? error.constructor.name : 'unknown error';
  return { code: 'ERR_SHARD_FAILED', message: `The shard failed: ${kind}.` };
}
