import { CommanderError } from 'commander';
import {
  ConfigurationError,
  FenceBlockedError,
  FencePrivilegeError,
  IdentityError,
  ReshardRefusedError,
  ReshardStoppedError,
  ShardError,
  ShardingError,
  ShardsFailedError,
  TopologyStoreError,
} from '../errors';
import type { ExitCode } from './exit-code';
import { LoadError } from './load/load-error';
import { withoutCredentials } from './text/without-credentials';
import { UsageError } from './usage-error';

/** An error as the line reports it. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** For people: a few lines without a stack. */
  readonly text: string;
  /** For programs. */
  readonly json: { readonly error: Readonly<Record<string, unknown>> };
}

/** Turns whatever ended a command into its report. It tells how to see what it leaves out: causes, and stacks of what nobody expects. */
export function failureOf(error: unknown): Failure {
  const message = withoutCredentials(messageOf(error));
  const code = codeOf(error);
  return {
    exitCode: error instanceof UsageError || error instanceof CommanderError ? 2 : 1,
    text: [message, ...hintOf(error)].join('\n'),
    json: { error: { code, message, ...factsOf(error) } },
  };
}

function hintOf(error: unknown): readonly string[] {
  if (error instanceof CommanderError) return [];
  if (!(error instanceof ShardingError)) return ['Run it with --stack to see where.'];
  // Causes are not printed unasked: what a database says may quote rows.
  return OF_SERVERS.some((kind) => error instanceof kind) && stacksOf(error).length > 1 ? ['Run it with --stack to see the cause.'] : [];
}

/** Errors whose causes are what a server said, which their own message does not repeat. */
const OF_SERVERS = [ShardError, ShardsFailedError, TopologyStoreError, ReshardStoppedError];

/** The stacks of an error and of its causes, those of each shard included. */
export function stackOf(error: unknown): string {
  return withoutCredentials(stacksOf(error).join('\ncaused by: '));
}

const MOST_CAUSES = 5;

function stacksOf(error: unknown, depth = 0): readonly string[] {
  if (!(error instanceof Error) || depth === MOST_CAUSES) return [];
  // An aggregate says nothing itself.
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error.cause];
  const own = error instanceof AggregateError ? [] : [error.stack ?? error.message];
  return [...own, ...causes.flatMap((cause) => stacksOf(cause, depth + 1))];
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) return error.message.replace(/^error: /, '');
  const { message } = error as { readonly message?: unknown };
  return typeof message === 'string' && message !== '' ? message : String(error);
}

function codeOf(error: unknown): string {
  if (error instanceof CommanderError) return 'ERR_USAGE';
  return error instanceof ShardingError ? error.code : 'ERR_UNEXPECTED';
}

function factsOf(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof ConfigurationError) return { faults: error.faults };
  if (error instanceof IdentityError) return { differences: error.differences };
  if (error instanceof ShardError) return { shard: error.shard, driverCode: error.driverCode };
  if (error instanceof ShardsFailedError) return { failed: error.failed.map(({ shard }) => shard), succeeded: error.succeeded };
  return error instanceof LoadError ? { place: error.place } : reshardingFactsOf(error);
}

function reshardingFactsOf(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof ReshardRefusedError) return { reasons: error.reasons };
  if (error instanceof ReshardStoppedError) return { planId: error.planId, step: error.step, shard: error.shard };
  if (error instanceof FenceBlockedError) return { shard: error.shard, subject: error.subject, blockers: error.blockers };
  return error instanceof FencePrivilegeError ? { shard: error.shard, operation: error.operation, grant: error.grant } : {};
}
