import { IsInt, IsNumber, IsOptional, Max, Min } from 'class-validator';
import { ConfigurationError } from '../../errors';
import { faultsOf } from '../../options';
import type { ReshardRunOptions } from '../reshard-run';

/** {@link ReshardRunOptions}, complete. */
export interface ResolvedRunOptions extends ReshardRunOptions {
  readonly chunkRows: number;
  readonly workers: number;
  /** The most rows of one position that are frozen; more are refused. */
  readonly maxFrozenRows: number;
}

class RunShape {
  @IsOptional() @IsInt() @Min(1) @Max(10_000) chunkRows?: number;
  @IsOptional() @IsInt() @Min(1) @Max(64) workers?: number;
  @IsOptional() @IsNumber() @Min(1) maxRowsPerSecond?: number;
  @IsOptional() @IsNumber() @Min(0) maxLagSeconds?: number;
}

/** Completes the options. @throws {ConfigurationError} with every fault. */
export function resolveRunOptions(options: ReshardRunOptions): ResolvedRunOptions {
  const faults = [...faultsOf(RunShape, options, 'options')];
  if (options.maxLagSeconds !== undefined && !options.lagSeconds) faults.push('options.maxLagSeconds needs options.lagSeconds.');
  if (faults.length > 0) throw new ConfigurationError(faults);
  const { chunkRows = 500, workers = 2 } = options;
  return Object.freeze({ ...options, chunkRows, workers, maxFrozenRows: chunkRows * 10 });
}
