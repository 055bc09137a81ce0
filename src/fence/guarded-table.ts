import type { ShardDataSource } from '../cluster';
import { ConfigurationError } from '../errors';
import type { ShardedEntity } from '../metadata';
import { fenceDialect } from './fence-dialect';
import { positionExpression } from './position-expression';
import type { RowLookUp } from './rows-at-rest';
import { type PlacementPair, stayingSlots } from './staying-slots';

/** A group that is fenced, and how the row of a position is found in it. */
export interface FencedGroup {
  readonly name: string;
  readonly lookUp: RowLookUp;
  /** What a plan moves it between, when its guards go with the plan: then they need not look up slots that both give to one shard. */
  readonly between?: PlacementPair | undefined;
}

/** A column of a primary key, as the log writes it. */
export interface LoggedColumn {
  /** Quoted. */
  readonly column: string;
  /** Whether its values are bytes, which are logged in hexadecimal. */
  readonly isBinary: boolean;
}

/** One table of one member whose writes are guarded. */
export interface GuardedTable {
  /** Path as TypeORM has it, with a partition's suffix. */
  readonly path: string;
  /** Name alone. */
  readonly table: string;
  readonly shard: string;
  readonly group: FencedGroup;
  /** SQL of a row's position. */
  readonly position: (row: 'OLD' | 'NEW') => string;
  /** The columns that no update may change, quoted: the position's, the primary key's and the shard key's. */
  readonly fixed: readonly string[];
  readonly key: readonly LoggedColumn[];
  /** Slots that its guard need not look up, see {@link stayingSlots}; undefined: it looks up all. */
  readonly staying: Buffer | undefined;
}

/**
 * The tables of a member that belong to the groups, in order of their names; children of single-table inheritance share their parent's.
 *
 * @throws {ConfigurationError} with every table whose rows have no position that SQL can tell.
 */
export function guardedTables(source: ShardDataSource, groups: readonly FencedGroup[]): readonly GuardedTable[] {
  const faults: string[] = [];
  const tables = new Map<string, GuardedTable>();
  for (const [metadata, sharding] of source.shardings) {
    const group = groups.find(({ name }) => sharding.kind === 'sharded' && sharding.group.name === name);
    if (!group || sharding.kind !== 'sharded' || !isTable(sharding)) continue;
    // The member's own metadata has the partition's suffix.
    const table = guardedTable(source, { ...sharding, metadata }, group);
    if (typeof table === 'string') faults.push(table);
    else tables.set(table.path, table);
  }
  if (faults.length > 0) throw new ConfigurationError(faults);
  return [...tables.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function isTable({ metadata }: ShardedEntity): boolean {
  return metadata.tableType !== 'view' && metadata.tableType !== 'entity-child';
}

/** @returns a sentence that says why it cannot be guarded. */
function guardedTable(source: ShardDataSource, sharding: ShardedEntity, group: FencedGroup): GuardedTable | string {
  const { metadata } = sharding;
  const position = positionExpression(source, sharding, source.context.positionColumn);
  if (position.fault !== undefined) return position.fault;
  if (metadata.database && fenceDialect(source) === 'mysql' && metadata.tablePath.includes('.')) {
    return `${metadata.name} is in a database of its own (${metadata.database}); a trigger cannot look up rows of another one.`;
  }
  const quote = (name: string) => source.driver.escape(name);
  // A key with a normaliser has several spellings, and all of them have one position.
  const keys = sharding.key.filter(({ part }) => !part.normalize).map(({ databaseName }) => databaseName);
  const primary = metadata.primaryColumns.map(({ databaseName }) => databaseName);
  return {
    path: metadata.tablePath,
    table: metadata.tableName,
    shard: source.context.shard,
    group,
    position: position.of,
    fixed: [...new Set([position.column, ...primary, ...keys])].map(quote),
    key: metadata.primaryColumns.map(({ databaseName, type }) => ({ column: quote(databaseName), isBinary: isBinary(type) })),
    staying: group.lookUp === 'slot' && group.between ? stayingSlots(group.between, source.context.shard) : undefined,
  };
}

function isBinary(type: unknown): boolean {
  return type === Buffer || /^(var)?binary$|blob$|^bytea$/.test(String(type));
}
