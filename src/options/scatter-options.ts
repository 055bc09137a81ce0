import { IsIn, IsInt, IsObject, IsOptional, Max, Min } from 'class-validator';
import { faultsOf } from './faults-of';

/**
 * What calls to several shards may cost. Given for a cluster, for an entity with `@Sharded({ scatter })` and for calls with
 * `withScatter()`; the nearest wins, member by member.
 *
 * Limits hold for calls that go to more than one shard, and not inside transactions, which have one shard.
 */
export interface ScatterOptions {
  /**
   * What becomes of calls that go to several shards because their criteria prove none: they are made, made and logged with the
   * caller's location (TypeORM's `logging` must include `warn`), or refused. It does not concern `acrossShards()`, `updateAll`,
   * `deleteAll` and `clear`, which say that they mean all.
   * @defaultValue 'allow'
   */
  readonly mode?: 'allow' | 'warn' | 'forbid';
  /**
   * Whether `update`, `delete` and their like may run on every shard when their criteria prove none.
   * @defaultValue 'refuse'
   */
  readonly writes?: 'refuse' | 'allow';
  /** The most shards that one call may go to; 1 or more. @defaultValue no limit */
  readonly maxShards?: number;
  /**
   * The most rows that the shards may return to one reading call together; 1 or more. A call that gets more fails; its answer is never cut.
   * @defaultValue no limit
   */
  readonly maxRows?: number;
  /**
   * How long one call may take, all its statements together, in milliseconds; 1 to 2147483647. What still runs on MySQL, MariaDB and
   * PostgreSQL when it is over is cancelled. A statement on SQLite cannot be interrupted: the call fails once the statement has ended.
   * @defaultValue no limit
   */
  readonly timeoutMs?: number;
  /** How many shards one call asks at once; 1 to 1000, and never more than the cluster's `concurrency`. @defaultValue the cluster's `concurrency` */
  readonly concurrency?: number;
}

/** What calls made through `withScatter()` may cost, and what ends them. */
export interface ScatterCallOptions extends ScatterOptions {
  /** Ends a call to several shards as `timeoutMs` does, with the signal's reason as its error. */
  readonly signal?: AbortSignal;
}

class ScatterShape {
  @IsOptional() @IsIn(['allow', 'warn', 'forbid']) mode?: string;
  @IsOptional() @IsIn(['refuse', 'allow']) writes?: string;
  @IsOptional() @IsInt() @Min(1) maxShards?: number;
  @IsOptional() @IsInt() @Min(1) maxRows?: number;
  // Node.js fires a timer with a longer time at once.
  @IsOptional() @IsInt() @Min(1) @Max(2_147_483_647) timeoutMs?: number;
  @IsOptional() @IsInt() @Min(1) @Max(1000) concurrency?: number;
}

class ScatterCallShape extends ScatterShape {
  @IsOptional() @IsObject() signal?: unknown;
}

/** One sentence for each fault of scatter options. @param at - where they stand, for example `options.scatter`. */
export function scatterFaults(options: unknown, at: string): readonly string[] {
  return faultsIn(ScatterShape, options, at);
}

/** As {@link scatterFaults}, for the options of calls. */
export function scatterCallFaults(options: unknown, at: string): readonly string[] {
  return faultsIn(ScatterCallShape, options, at);
}

function faultsIn(shape: new () => object, options: unknown, at: string): readonly string[] {
  if (options === undefined) return [];
  if (typeof options !== 'object' || options === null) return [`${at} must be an object.`];
  return faultsOf(shape, options, at);
}
