import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { faultsOf } from './faults-of';

/**
 * How long processes may go by what they know of the topology, and how long movers wait for them. All processes of a cluster must be
 * given the same. Times are in milliseconds.
 */
export interface ReshardingOptions {
  /** How long statements may be sent after the last confirmed refresh of the topology; 100 to 600,000. @defaultValue 5000 */
  readonly routeLeaseMs?: number;
  /** How often the topology is refreshed; 10 to half of `routeLeaseMs`. @defaultValue 500 */
  readonly refreshMs?: number;
  /** For how long a call that met a moving row is routed anew before its error is thrown; 0 to 600,000. @defaultValue 10000 */
  readonly staleRetryMs?: number;
  /**
   * How long rows stay on their source after they have moved; at least `routeLeaseMs` and `idleTimeoutMs` together where several
   * processes share the topology.
   * @defaultValue `routeLeaseMs` + `idleTimeoutMs`; 1000 with `memoryTopology()`, which has one process
   */
  readonly graceMs?: number;
  /**
   * After how long without a statement the database ends a connection of this library, also one in the middle of a transaction; 1,000 to
   * 3,600,000, whole seconds on MySQL and MariaDB. It is not set with `memoryTopology()`, and SQLite has no such thing.
   * Pools close idle connections after half of it.
   * @defaultValue 30000
   */
  readonly idleTimeoutMs?: number;
  /** How much longer than lease and idle timeout a mover waits before it drops the guards; 0 to 600,000. @defaultValue 2000 */
  readonly disarmMarginMs?: number;
  /**
   * Whether guards stay after a move; then every write, also between moves, has its row of ownership looked up and locked. SQLite, which
   * cannot end idle connections, keeps them always.
   *
   * @defaultValue 'while-resharding'
   */
  readonly guard?: 'while-resharding' | 'always';
}

/** {@link ReshardingOptions}, complete. */
export type ResolvedReshardingOptions = Required<ReshardingOptions>;

class ReshardingShape {
  @IsOptional() @IsInt() @Min(100) @Max(600_000) routeLeaseMs?: number;
  @IsOptional() @IsInt() @Min(10) @Max(300_000) refreshMs?: number;
  @IsOptional() @IsInt() @Min(0) @Max(600_000) staleRetryMs?: number;
  @IsOptional() @IsInt() @Min(0) @Max(3_600_000) graceMs?: number;
  @IsOptional() @IsInt() @Min(1_000) @Max(3_600_000) idleTimeoutMs?: number;
  @IsOptional() @IsInt() @Min(0) @Max(600_000) disarmMarginMs?: number;
  @IsOptional() @IsIn(['while-resharding', 'always']) guard?: string;
}

/**
 * Completes the options.
 *
 * @param isShared - whether several processes share the topology.
 */
export function resolveResharding(options: ReshardingOptions | undefined, isShared: boolean): ResolvedReshardingOptions {
  const { routeLeaseMs = 5_000, idleTimeoutMs = 30_000 } = options ?? {};
  return Object.freeze({
    routeLeaseMs,
    refreshMs: options?.refreshMs ?? Math.min(500, Math.floor(routeLeaseMs / 2)),
    staleRetryMs: options?.staleRetryMs ?? 10_000,
    graceMs: options?.graceMs ?? (isShared ? routeLeaseMs + idleTimeoutMs : 1_000),
    idleTimeoutMs,
    disarmMarginMs: options?.disarmMarginMs ?? 2_000,
    guard: options?.guard ?? 'while-resharding',
  });
}

/** One sentence for each fault of the options. */
export function reshardingFaults(options: ReshardingOptions | undefined, isShared: boolean): readonly string[] {
  if (options === undefined) return [];
  const faults = faultsOf(ReshardingShape, options, 'options.resharding');
  if (faults.length > 0) return faults;
  const { routeLeaseMs, refreshMs, graceMs, idleTimeoutMs } = resolveResharding(options, isShared);
  return [
    ...(refreshMs * 2 > routeLeaseMs
      ? [`options.resharding.refreshMs must be at most half of routeLeaseMs, which is ${routeLeaseMs}.`]
      : []),
    ...(isShared && graceMs < routeLeaseMs + idleTimeoutMs
      ? [`options.resharding.graceMs must be at least ${routeLeaseMs + idleTimeoutMs}, which is routeLeaseMs and idleTimeoutMs together.`]
      : []),
  ];
}
