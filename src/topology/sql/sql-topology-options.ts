import { IsIn, IsInt, IsNotEmpty, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import type { DataSourceOptions } from 'typeorm';
import { ConfigurationError } from '../../errors';
import { faultsOf } from '../../options';

type Supported = Extract<DataSourceOptions, { type: 'mysql' | 'mariadb' | 'postgres' | 'better-sqlite3' | 'sqljs' }>;
type Connection<O> = O extends Supported ? Partial<Omit<O, 'type' | 'entities' | 'subscribers' | 'migrations'>> & Pick<O, 'type'> : never;

/** Where a SQL database keeps the topology: TypeORM's options of that database, and these. */
export type SqlTopologyOptions = Connection<Supported> & {
  /** Name of the row that holds the topology; clusters that share a table need one each. @defaultValue 'default' */
  readonly cluster?: string;
  /** Name of the table; a second one, for the processes that live, is named `<table>_clients`. @defaultValue '_shard_topology' */
  readonly table?: string;
  /** How often a watch looks for a new version, in milliseconds, 10 to 60,000. @defaultValue 500 */
  readonly pollMs?: number;
  /** How long an answer may take, in milliseconds, 100 to 60,000; a swap that takes longer is `unknown`. @defaultValue 5000 */
  readonly timeoutMs?: number;
};

/** {@link SqlTopologyOptions}, checked and complete. */
export interface ResolvedSqlTopologyOptions {
  readonly cluster: string;
  readonly table: string;
  readonly pollMs: number;
  readonly timeoutMs: number;
  readonly connection: DataSourceOptions;
}

class Shape {
  @IsIn(['mysql', 'mariadb', 'postgres', 'better-sqlite3', 'sqljs']) type!: string;
  @IsOptional() @IsString() @IsNotEmpty() @MaxLength(100) cluster?: string;
  @IsOptional() @Matches(/^[A-Za-z_][A-Za-z0-9_]*$/) @MaxLength(50) table?: string;
  @IsOptional() @IsInt() @Min(10) @Max(60_000) pollMs?: number;
  @IsOptional() @IsInt() @Min(100) @Max(60_000) timeoutMs?: number;
}

/** @throws {ConfigurationError} with every fault found. */
export function resolveSqlTopologyOptions(options: SqlTopologyOptions): ResolvedSqlTopologyOptions {
  const faults = faultsOf(Shape, options, 'topology');
  if (faults.length > 0) throw new ConfigurationError(faults);
  const { cluster = 'default', table = '_shard_topology', pollMs = 500, timeoutMs = 5_000, ...connection } = options;
  const own = { entities: [], synchronize: false, dropSchema: false, migrationsRun: false, poolSize: 3 };
  return Object.freeze({ cluster, table, pollMs, timeoutMs, connection: { ...connection, ...own } as DataSourceOptions });
}
