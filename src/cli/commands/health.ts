import type { ShardExamination } from '../../cluster';
import type { ShardedDataSource } from '../../data-source';
import { ShardError } from '../../errors';
import type { Answer, Command } from '../command';
import type { ExitCode } from '../exit-code';
import { addressText } from '../text/address-text';
import { table } from '../text/table';
import { withoutCredentials } from '../text/without-credentials';
import { milliseconds } from './milliseconds';

/** `health`: whether every shard answers and is the one that it should be. */
export const health: Command = {
  name: 'health',
  summary: 'ask every shard whether it answers and whether its database belongs there; changes nothing',
  options: [{ flags: '--timeout <ms>', summary: 'how long to wait for each shard (default: 5000)', parse: milliseconds }],
  examples: ['-d src/cluster.ts health', '-d dist/cluster.js health --timeout 500 --json'],
  run: async ({ cluster, options }) => report(cluster, await cluster.examine({ timeoutMs: Number(options.timeout ?? 5_000) })),
};

function report(cluster: ShardedDataSource, examined: readonly ShardExamination[]): Answer {
  const shards = examined.map(({ shard, status, latencyMs, error, identity, differences }) => ({
    shard,
    status,
    latencyMs: latencyMs === undefined ? undefined : Math.round(latencyMs * 10) / 10,
    identity,
    error: error === undefined ? undefined : reasonOf(error),
    differences,
    ...cluster.shard(shard).address,
  }));
  const differences = shards.flatMap((shard) => shard.differences);
  const text = [shardTable(cluster, shards), ...(differences.length > 0 ? [differenceText(differences)] : [])].join('\n\n');
  return { json: { cluster: cluster.core.options.name, shards }, text, exitCode: exitCodeOf(examined) };
}

type Reported = Pick<ShardExamination, 'shard' | 'status' | 'latencyMs' | 'identity'> & { readonly error: string | undefined };

function shardTable(cluster: ShardedDataSource, shards: readonly Reported[]): string {
  return table(shards, [
    { title: 'shard', cell: ({ shard }) => shard },
    { title: 'status', cell: ({ status }) => status },
    { title: 'ms', cell: ({ latencyMs }) => latencyMs?.toFixed(1) },
    { title: 'identity', cell: ({ identity }) => identity },
    { title: 'database', cell: ({ shard }) => addressText(cluster, cluster.shard(shard)) },
    { title: 'reason', cell: ({ error }) => error },
  ]);
}

function differenceText(differences: readonly string[]): string {
  return ['The databases do not belong to this configuration:', ...differences.map((difference) => `  - ${difference}`)].join('\n');
}

/** The driver's own words, which name the fault best; some have none but a code. */
function reasonOf(error: unknown): string {
  const cause = error instanceof ShardError ? (error.cause ?? error) : error;
  const { message, errors } = cause as { readonly message?: string; readonly errors?: readonly { readonly message?: string }[] };
  const code = error instanceof ShardError ? error.driverCode : undefined;
  const words = message || errors?.map((each) => each.message).join('; ') || '';
  const text = withoutCredentials(words.split('\n')[0] ?? '');
  return (code === undefined || text.includes(code) ? text : `${code} ${text}`).trim() || 'no reason given';
}

function exitCodeOf(examined: readonly ShardExamination[]): ExitCode {
  if (examined.some(({ status }) => status !== 'up')) return 1;
  return examined.some(({ differences }) => differences.length > 0) ? 3 : 0;
}
