import type { ShardHandle } from './shard';
import { shardFault } from './shard-fault';
import { within } from './within';

/** Whether a shard answers. */
export interface ShardHealth {
  /** Name of the shard. */
  readonly shard: string;
  /** `unopened`: it is opened on request and nothing has asked for it yet. */
  readonly status: 'up' | 'down' | 'unopened';
  /** Time to the answer, in milliseconds; only when it is up. */
  readonly latencyMs?: number;
  /** Why it is down. */
  readonly error?: unknown;
}

/** Asks every open shard for the simplest answer. It never throws for a shard that is down. */
export function checkHealth(shards: Iterable<ShardHandle>, timeoutMs: number): Promise<readonly ShardHealth[]> {
  return Promise.all([...shards].map((shard) => healthOf(shard, timeoutMs)));
}

async function healthOf(shard: ShardHandle, timeoutMs: number): Promise<ShardHealth> {
  const source = shard.current;
  if (!source) return { shard: shard.name, status: 'unopened' };
  const startedMs = performance.now();
  try {
    await within(source.query('SELECT 1'), timeoutMs);
    return { shard: shard.name, status: 'up', latencyMs: performance.now() - startedMs };
  } catch (error) {
    return { shard: shard.name, status: 'down', error: shardFault(shard.name, error) };
  }
}
