import type { EntityMetadata } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import { LeavingRelationError, ScatterUnsupportedError } from '../../errors';
import type { EntitySharding, ShardedEntity } from '../../metadata';
import { equalColumns } from '../../query';
import { type Built, dialectOf, mainSharding, withColumnNames } from './built';
import type { BuiltRoute } from './built-route';

/** A joined table, or one after the first in FROM. */
interface Joined {
  readonly alias: string;
  readonly metadata: EntityMetadata | undefined;
  /** The relation that it is joined by, whose rows are stored beside each other unless it leaves its group. */
  readonly relation: RelationMetadata | undefined;
  readonly condition: string;
}

/**
 * Checks that the joined rows are where they are looked for. A shard that the caller named is taken as it is.
 *
 * @throws {ScatterUnsupportedError} {LeavingRelationError} naming the first join that would miss rows of other shards.
 */
export function refuseForeignJoins(built: Built, route: BuiltRoute, operation: string): void {
  const main = mainSharding(built);
  if (!main || route.isNamed) return;
  const keyed = new Map(main.kind === 'sharded' ? [[built.mirror.alias, main]] : []);
  const { leaving } = built.router.core.model;
  for (const joined of joinsOf(built)) {
    const { relation } = joined;
    if (relation && leaving.has(relation)) {
      throw new LeavingRelationError(relation.entityMetadata.name, relation.propertyPath, operation, 'join');
    }
    const feature = foreignFeature(built, route, joined, keyed);
    if (feature !== undefined) throw new ScatterUnsupportedError(main.metadata.name, operation, feature);
  }
}

function joinsOf({ mirror }: Built): readonly Joined[] {
  const { joinAttributes, aliases, mainAlias } = mirror.expressionMap;
  const joins = joinAttributes.map((join) => ({
    alias: join.alias.name,
    metadata: join.metadata,
    relation: join.relation,
    condition: join.condition ?? '',
  }));
  const further = aliases.filter((alias) => alias.type === 'from' && alias.name !== mainAlias?.name && alias.name !== undefined);
  const froms = further.map((alias) => ({
    alias: alias.name,
    metadata: alias.hasMetadata ? alias.metadata : undefined,
    relation: undefined,
    condition: '',
  }));
  return [...joins, ...froms];
}

/** @param keyed - the aliases whose rows are known to be on the shard of the main row; the join is added when its rows are. */
function foreignFeature(built: Built, route: BuiltRoute, joined: Joined, keyed: Map<string, ShardedEntity>): string | undefined {
  const isOne = route.shards.length === 1;
  const sharding = joined.metadata && built.router.core.model.entities.get(joined.metadata);
  if (!sharding) return isOne ? undefined : 'a join of what is no entity';
  if (sharding.kind === 'reference') return undefined;
  const { name } = sharding.metadata;
  if (sharding.kind === 'unsharded')
    return isOne && route.shards[0]?.name === sharding.shard ? undefined : `a join of ${name}, which is on one shard`;
  if (!sharesGroup(sharding, mainSharding(built))) return `a join of ${name}, which is of another group`;
  if (joined.relation || equatesKeys(built, joined, sharding, keyed)) {
    keyed.set(joined.alias, sharding);
    return undefined;
  }
  return isOne ? undefined : `a join of ${name} by another condition than the shard key`;
}

function sharesGroup(sharding: ShardedEntity, main: EntitySharding | undefined): boolean {
  return main?.kind === 'sharded' && main.group === sharding.group;
}

function equatesKeys({ mirror }: Built, joined: Joined, sharding: ShardedEntity, keyed: ReadonlyMap<string, ShardedEntity>): boolean {
  if (joined.condition === '') return false;
  const text = withColumnNames(mirror, joined.condition);
  const pairs = equalColumns({ text, parameters: mirror.getParameters(), dialect: dialectOf(mirror) });
  const isEqual = (own: string, alias: string, other: string | undefined) =>
    [...pairs, ...pairs.map(([a, b]) => [b, a] as const)].some(
      ([a, b]) => a.alias === joined.alias && a.name === own && b.alias === alias && b.name === other,
    );
  return [...keyed].some(([alias, { key }]) =>
    sharding.key.every(({ databaseName }, index) => isEqual(databaseName, alias, key[index]?.databaseName)),
  );
}
