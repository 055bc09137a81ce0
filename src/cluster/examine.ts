import pLimit from 'p-limit';
import type { ShardHealth } from './health';
import { identityDifferences, type Member } from './identity';
import { type Identity, peekIdentity } from './identity-table';
import type { ShardHandle } from './shard';
import type { ShardDataSource } from './shard-data-source';
import { connectFault } from './shard-fault';
import { within } from './within';

/** Whether a shard answers, and whether its database is the one that the configuration means. */
export interface ShardExamination extends ShardHealth {
  /** `new`: the database remembers nothing yet. Undefined when it could not be asked. */
  readonly identity?: 'same' | 'new' | 'different';
  /** One sentence for each difference between the database and the configuration. */
  readonly differences: readonly string[];
}

type Asked = ShardHealth & { readonly member?: Member; readonly remembered?: Identity | undefined };

/** Connects every shard that answers, asks it, and compares what all of them remember. It writes nothing and throws for no shard. */
export async function examine(
  shards: readonly ShardHandle[],
  memberOf: (shard: ShardHandle, source: ShardDataSource) => Member,
  { timeoutMs, concurrency }: { readonly timeoutMs: number; readonly concurrency: number },
): Promise<readonly ShardExamination[]> {
  const limit = pLimit(concurrency);
  const asked = await Promise.all(shards.map((shard) => limit(() => ask(shard, memberOf, timeoutMs))));
  const found = asked.flatMap(({ member, remembered }) => (member ? [{ member, identity: remembered }] : []));
  const differences = identityDifferences(found);
  return asked.map(({ member, remembered, ...health }) => {
    if (!member) return { ...health, differences: [] };
    const own = differences.get(member) ?? [];
    return { ...health, identity: own.length > 0 ? 'different' : remembered ? 'same' : 'new', differences: own };
  });
}

async function ask(
  shard: ShardHandle,
  memberOf: (shard: ShardHandle, source: ShardDataSource) => Member,
  timeoutMs: number,
): Promise<Asked> {
  const work = async () => {
    const source = await shard.connect();
    const startedMs = performance.now();
    await source.query('SELECT 1');
    const latencyMs = performance.now() - startedMs;
    const member = memberOf(shard, source);
    return { latencyMs, member, remembered: await peekIdentity(source, member.expected.suffix) };
  };
  try {
    return { shard: shard.name, status: 'up', ...(await within(work(), timeoutMs)) };
  } catch (error) {
    return { shard: shard.name, status: 'down', error: connectFault(shard.name, error) };
  }
}
