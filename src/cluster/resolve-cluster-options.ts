import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
} from 'class-validator';
import { ConfigurationError } from '../errors';
import { faultsOf, reshardingFaults, resolveResharding, scatterFaults } from '../options';
import { hashRing } from '../routing';
import { isMemoryTopology, memoryTopology } from '../topology';
import { budgetConnections } from './connection-budget';
import { duplicateShardFaults } from './duplicate-shards';
import type { ResolvedClusterOptions, ResolvedShard } from './resolved-options';
import { mergeScatter } from './scatter-budget';
import type { ShardedDataSourceOptions, ShardOptions } from './sharded-data-source-options';

const SHARDING_OPTIONS = [
  'shards',
  'connect',
  'placement',
  'scatter',
  'cursorSecret',
  'lazy',
  'concurrency',
  'maxConnections',
  'positionColumn',
  'initCommand',
  'name',
  'topology',
  'resharding',
];
const DATABASE_TYPES = ['mysql', 'mariadb', 'postgres', 'better-sqlite3', 'sqljs'];

const IsPlacement = () =>
  ValidateBy({
    name: 'isPlacement',
    validator: {
      validate: (value: unknown) => typeof (value as { readonly compile?: unknown } | null)?.compile === 'function',
      defaultMessage: () => 'placement must be made by hashRing(), ranges() or modulo()',
    },
  });

const IsTopologyStore = () =>
  ValidateBy({
    name: 'isTopologyStore',
    validator: {
      validate: (value: unknown) => typeof (value as { readonly compareAndSwap?: unknown } | null)?.compareAndSwap === 'function',
      defaultMessage: () => 'topology must be a topology store, for example sqlTopology({ … })',
    },
  });

/** By `typeof`, since a function of another realm, a test runner's for example, is no instance of ours. */
const IsFunction = () =>
  ValidateBy({
    name: 'isFunction',
    validator: { validate: (value: unknown) => typeof value === 'function', defaultMessage: () => '$property must be a function' },
  });

class ClusterShape {
  @IsIn(DATABASE_TYPES) type!: string;
  @IsOptional() @IsString() @IsNotEmpty() @MaxLength(100) name?: string;
  @IsArray() shards!: unknown[];
  @IsOptional() @IsFunction() connect?: unknown;
  @IsOptional() @IsPlacement() placement?: unknown;
  @IsOptional() @IsTopologyStore() topology?: unknown;
  @IsOptional() @IsObject() resharding?: unknown;
  @IsOptional() @IsString() @MinLength(16) cursorSecret?: string;
  @IsOptional() @IsBoolean() lazy?: boolean;
  @IsOptional() @IsInt() @Min(1) @Max(1000) concurrency?: number;
  @IsOptional() @IsInt() @Min(1) maxConnections?: number;
  @IsOptional() @IsInt() @Min(1) poolSize?: number;
  @IsOptional() @Matches(/^[A-Za-z_][A-Za-z0-9_]*$/) @MaxLength(60) positionColumn?: string;
  @IsOptional() @IsString() @IsNotEmpty() initCommand?: string;
}

class ShardShape {
  @IsString() @IsNotEmpty() @MaxLength(150) name!: string;
  @IsOptional() @IsNumber() @Min(0) weight?: number;
  @IsOptional()
  @IsArray()
  @Matches(/^[A-Za-z0-9]{0,20}$/, { each: true, message: 'each partition must be a number or a short name of letters and digits' })
  partitions?: string[];
  @IsOptional() @IsString() @IsNotEmpty() initCommand?: string;
  @IsOptional() @IsInt() @Min(1) poolSize?: number;
}

/**
 * Checks the options and completes them.
 *
 * @throws {ConfigurationError} with every fault found.
 */
export function resolveClusterOptions(options: ShardedDataSourceOptions): ResolvedClusterOptions {
  const entries = (Array.isArray(options.shards) ? options.shards : []).map((shard) =>
    typeof shard === 'string' ? { name: shard } : shard,
  );
  const shardFaults = entries.map((entry, index) => faultsOf(ShardShape, { ...entry, ...textPartitions(entry) }, `shards[${index}]`));
  // What is wrong with one shard does not hide what is wrong between the others.
  const members = entries.flatMap((entry, index) => (shardFaults[index]?.length === 0 ? membersOf(entry as ShardOptions, options) : []));
  const shared = sharedOptions(options);
  const maxConnections = options.maxConnections ?? 500;
  const topology = options.topology ?? memoryTopology();
  const isShared = !isMemoryTopology(topology);
  const budget = budgetConnections(members, shared, maxConnections);
  const faults = [
    ...faultsOf(ClusterShape, options, 'options'),
    ...scatterFaults(options.scatter, 'options.scatter'),
    ...reshardingFaults(options.resharding, isShared),
    ...shardFaults.flat(),
    ...(Array.isArray(options.shards) && entries.length === 0 ? ['options.shards names no shard.'] : []),
    ...duplicateShardFaults(members, shared, options.connect === undefined),
    ...budget.faults,
  ];
  if (faults.length > 0) throw new ConfigurationError(faults);
  return Object.freeze({
    name: options.name ?? 'default',
    shards: budget.shards,
    placement: options.placement ?? hashRing(),
    scatter: Object.freeze(mergeScatter({ mode: 'allow', writes: 'refuse' }, options.scatter)),
    ...(options.cursorSecret !== undefined && { cursorSecret: options.cursorSecret }),
    lazy: options.lazy ?? false,
    concurrency: options.concurrency ?? 16,
    maxConnections,
    positionColumn: options.positionColumn ?? '_shard_position',
    topology,
    isShared,
    resharding: resolveResharding(options.resharding, isShared),
    ...(options.connect && { connect: options.connect }),
    shared,
  });
}

function textPartitions(entry: Partial<ShardOptions>): { partitions?: readonly unknown[] } {
  if (!Array.isArray(entry?.partitions)) return {};
  return { partitions: entry.partitions.map((partition) => (typeof partition === 'number' ? String(partition) : partition)) };
}

function sharedOptions(options: ShardedDataSourceOptions): ResolvedClusterOptions['shared'] {
  const shared = Object.fromEntries(Object.entries(options).filter(([name]) => !SHARDING_OPTIONS.includes(name)));
  return Object.freeze(shared) as ResolvedClusterOptions['shared'];
}

function membersOf(entry: ShardOptions, options: ShardedDataSourceOptions): readonly ResolvedShard[] {
  const { name, weight = 1, partitions, initCommand = options.initCommand, ...connection } = entry;
  const base = { weight, database: name, connection, ...(initCommand !== undefined && { initCommand }) };
  if (!partitions || partitions.length === 0) return [{ ...base, name, suffix: '' }];
  return partitions.map((partition) => ({ ...base, name: `${name}:${partition}`, partition: String(partition), suffix: `_p${partition}` }));
}
