import type { EntityManager, ObjectLiteral, QueryBuilder, QueryRunner } from 'typeorm';
import { type ClusterCore, ShardDataSource } from '../cluster';
import { positionExpression, type ShardRule } from '../fence';
import type { EntitySharding, ShardedEntity } from '../metadata';
import { isMysql, isSqlite } from '../metadata';
import type { Position } from '../routing';
import type { Topology } from '../topology';
import { type ForeignStretch, foreignStretches } from './foreign-stretches';

/** Up to so many stretches are compared one by one; more are found by one function, which is several times faster. */
const FEW_STRETCHES = 16;

/**
 * Whether a call may see rows that its shards do not own, since rows of its group are moving and it is not about keys of one shard: what
 * one shard is asked for may be there on another one too.
 */
export function needsMask(core: ClusterCore, sharding: EntitySharding): sharding is ShardedEntity {
  if (sharding.kind !== 'sharded' || !core.topology?.plan?.moves.has(sharding.group.name)) return false;
  const { name } = sharding.group;
  const footprint = core.footprint?.of(name);
  if (footprint?.isWhole !== false) return true;
  const [first, ...others] = footprint.positions;
  const table = core.tables.get(name);
  return first !== undefined && others.some((position) => table?.ownerOf(position) !== table?.ownerOf(first));
}

/** Makes a shard's builder leave out rows that the shard does not own by the core's topology; nothing while nothing moves. */
export function masked<B extends QueryBuilder<ObjectLiteral>>(core: ClusterCore, sharding: EntitySharding, builder: B): B {
  const { dataSource, expressionMap } = builder;
  if (!needsMask(core, sharding) || !(dataSource instanceof ShardDataSource)) return builder;
  const name = expressionMap.queryType === 'select' ? builder.alias : dataSource.getMetadata(sharding.metadata.target).tableName;
  const mask = maskOf(core, { sharding, source: dataSource }, name);
  if (mask) expressionMap.extraAppendedAndWhereCondition = mask;
  return builder;
}

/** A shard's manager whose updates and deletes leave out rows that the shard does not own, as {@link masked} does. */
export function maskedWrites(core: ClusterCore, sharding: EntitySharding, manager: EntityManager): EntityManager {
  const { dataSource } = manager;
  if (!needsMask(core, sharding) || !(dataSource instanceof ShardDataSource)) return manager;
  const mask = maskOf(core, { sharding, source: dataSource }, dataSource.getMetadata(sharding.metadata.target).tableName);
  if (!mask) return manager;
  // What TypeORM derives from a builder goes on with its conditions.
  const createQueryBuilder = (...args: [QueryRunner?]) => {
    const builder = manager.createQueryBuilder(...args);
    builder.expressionMap.extraAppendedAndWhereCondition = mask;
    return builder;
  };
  return Object.assign(Object.create(manager) as EntityManager, { createQueryBuilder });
}

interface Place {
  readonly sharding: ShardedEntity;
  readonly source: ShardDataSource;
}

const known = new WeakMap<Topology, Map<string, readonly ForeignStretch[]>>();

function maskOf({ topology, options }: ClusterCore, { sharding, source }: Place, name: string): string | undefined {
  const stretches = topology ? stretchesOf(topology, sharding.group.name, source.context.shard) : [];
  const position = positionExpression(source, sharding, options.positionColumn);
  if (stretches.length === 0 || position.fault !== undefined) return undefined;
  return `NOT (${anyOf(stretches, position.of(source.driver.escape(name)), source)})`;
}

function stretchesOf(topology: Topology, group: string, shard: string): readonly ForeignStretch[] {
  const own = known.get(topology) ?? new Map<string, readonly ForeignStretch[]>();
  known.set(topology, own);
  const key = JSON.stringify([group, shard]);
  const move = topology.plan?.moves.get(group);
  const stretches = own.get(key) ?? (move ? foreignStretches(move, shard, group) : []);
  own.set(key, stretches);
  return stretches;
}

function anyOf(stretches: readonly ForeignStretch[], position: string, source: ShardDataSource): string {
  const isPlain = stretches.every(({ from, upto, only }) => !only && isFinitePosition(from) && isFinitePosition(upto));
  if (!isPlain || stretches.length <= FEW_STRETCHES) return stretches.map((stretch) => oneOf(stretch, position)).join(' OR ');
  const borders = stretches.flatMap(({ from, upto }) => [from, upto]);
  if (isMysql(source)) return `INTERVAL(${position}, ${borders.join(', ')}) % 2 = 1`;
  if (isSqlite(source)) return inTree(borders, position, 0);
  return `width_bucket(${position}::bigint, ARRAY[${borders.join(', ')}]::bigint[]) % 2 = 1`;
}

/** Borders as a tree of comparisons: SQLite has no function that searches, and limits how deep an expression is. */
function inTree(borders: readonly Position[], position: string, before: number): string {
  if (borders.length === 0) return String(before % 2);
  const middle = borders.length >> 1;
  const [left, right] = [borders.slice(0, middle), borders.slice(middle + 1)];
  return `CASE WHEN ${position} < ${borders[middle]} THEN ${inTree(left, position, before)} ELSE ${inTree(right, position, before + middle + 1)} END`;
}

function oneOf({ from, upto, only }: ForeignStretch, position: string): string {
  const terms = [
    ...(isFinitePosition(from) ? [`${position} >= ${from}`] : []),
    ...(isFinitePosition(upto) ? [`${position} < ${upto}`] : []),
    ...(only ? [matching(position, only.foreign), `NOT ${matching(position, only.own)}`] : []),
  ];
  return terms.length === 0 ? '1 = 1' : `(${terms.join(' AND ')})`;
}

/** Floor modulus. */
function matching(position: string, { modulus, residue }: ShardRule): string {
  if (modulus === 0) return '(1 = 0)';
  return `((${position} % ${modulus} + ${modulus}) % ${modulus} = ${residue})`;
}

function isFinitePosition(position: Position): boolean {
  return typeof position === 'bigint' || Number.isFinite(position);
}
