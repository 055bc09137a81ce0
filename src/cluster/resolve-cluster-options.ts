import { isAbsolute, resolve } from 'node:path';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInstance,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { ConfigurationError } from '../errors';
import { faultsOf } from '../options';
import { hashRing } from '../routing';
import { budgetConnections } from './connection-budget';
import type { ResolvedClusterOptions, ResolvedShard } from './resolved-options';
import type { ShardedDataSourceOptions, ShardOptions } from './sharded-data-source-options';

const SHARDING_OPTIONS = [
  'shards',
  'connect',
  'placement',
  'scatter',
  'lazy',
  'concurrency',
  'maxConnections',
  'positionColumn',
  'initCommand',
  'name',
];
const DATABASE_TYPES = ['mysql', 'mariadb', 'postgres', 'better-sqlite3', 'sqljs'];

class ClusterShape {
  @IsIn(DATABASE_TYPES) type!: string;
  @IsOptional() @IsString() @IsNotEmpty() @MaxLength(100) name?: string;
  @IsArray() shards!: unknown[];
  @IsOptional() @IsInstance(Function) connect?: unknown;
  @IsOptional() @IsBoolean() lazy?: boolean;
  @IsOptional() @IsInt() @Min(1) @Max(1000) concurrency?: number;
  @IsOptional() @IsInt() @Min(1) maxConnections?: number;
  @IsOptional() @Matches(/^[A-Za-z_][A-Za-z0-9_]*$/) @MaxLength(60) positionColumn?: string;
  @IsOptional() @IsString() @IsNotEmpty() initCommand?: string;
}

class ScatterShape {
  @IsOptional() @IsIn(['refuse', 'allow']) writes?: string;
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
  const faults = [
    ...faultsOf(ClusterShape, options, 'options'),
    ...faultsOf(ScatterShape, options.scatter ?? {}, 'options.scatter'),
    ...entries.flatMap((entry, index) => faultsOf(ShardShape, { ...entry, ...textPartitions(entry) }, `shards[${index}]`)),
  ];
  if (faults.length > 0) throw new ConfigurationError(faults);
  const shared = sharedOptions(options);
  const members = entries.flatMap((entry) => membersOf(entry as ShardOptions, options));
  const doubled = [...duplicateNames(members), ...duplicateDatabases(members, shared)];
  if (entries.length === 0) doubled.push('options.shards names no shard.');
  const maxConnections = options.maxConnections ?? 500;
  const budget = budgetConnections(members, shared, maxConnections);
  doubled.push(...budget.faults);
  if (doubled.length > 0) throw new ConfigurationError(doubled);
  return Object.freeze({
    name: options.name ?? 'default',
    shards: budget.shards,
    placement: options.placement ?? hashRing(),
    scatterWrites: options.scatter?.writes ?? 'refuse',
    lazy: options.lazy ?? false,
    concurrency: options.concurrency ?? 16,
    maxConnections,
    positionColumn: options.positionColumn ?? '_shard_position',
    ...(options.connect && { connect: options.connect }),
    shared,
  });
}

function textPartitions(entry: Partial<ShardOptions>): { partitions?: readonly string[] } {
  return Array.isArray(entry.partitions) ? { partitions: entry.partitions.map(String) } : {};
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

function duplicateNames(members: readonly ResolvedShard[]): string[] {
  const names = members.map(({ name }) => name);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map((name) => `Two shards are named "${name}".`);
}

function duplicateDatabases(members: readonly ResolvedShard[], shared: ResolvedClusterOptions['shared']): string[] {
  const places = new Map<string, string>();
  return members.flatMap((member) => {
    const place = databasePlace({ ...shared, ...member.connection });
    if (place === undefined) return [];
    const key = `${place}${member.suffix}`;
    const other = places.get(key);
    places.set(key, member.name);
    return other === undefined || other === member.name ? [] : [`Shards "${other}" and "${member.name}" are the same database and tables.`];
  });
}

/** Where a database is, as far as options tell; undefined for one in memory and for one that only `connect` knows. */
function databasePlace(options: Record<string, unknown>): string | undefined {
  const { type, location } = options;
  if (type === 'sqljs') return typeof location === 'string' ? absolute(location) : undefined;
  if (type === 'better-sqlite3') return fileOf(options.database);
  const replication = options.replication as { readonly master?: Record<string, unknown> } | undefined;
  const at = { ...options, ...replication?.master };
  if (at.host === undefined && at.url === undefined && at.socketPath === undefined && at.port === undefined && at.database === undefined)
    return undefined;
  const host = at.host === 'localhost' ? '127.0.0.1' : (at.host ?? '127.0.0.1');
  const port = at.port ?? (type === 'postgres' ? 5432 : 3306);
  return JSON.stringify(at.url ?? [at.socketPath ?? [host, port], at.database, at.schema]);
}

function fileOf(database: unknown): string | undefined {
  return typeof database === 'string' && database !== ':memory:' && database !== '' ? absolute(database) : undefined;
}

function absolute(path: string): string {
  return isAbsolute(path) ? path : resolve(path);
}
