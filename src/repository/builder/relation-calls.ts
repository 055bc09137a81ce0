import type { EntityManager, ObjectLiteral, RelationQueryBuilder } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import type { ShardHandle } from '../../cluster';
import { LeavingRelationError, RelatedKeyError, ScatterUnsupportedError, ShardKeyChangedError, ShardKeyMissingError } from '../../errors';
import { keyValuesOf, type ShardedEntity } from '../../metadata';
import { canonicalText } from '../../query';
import { EntityKeys } from '../entity-keys';
import { runInTurn } from '../in-turn';
import { scopeOf } from '../scope';
import { type Built, mainSharding, targetOf } from './built';
import { namedByRunner, namedRoute } from './built-route';
import { replay } from './recording';

type Relation = RelationQueryBuilder<ObjectLiteral>;
type RelationCall = (built: Built, ...args: readonly unknown[]) => Promise<unknown>;

/** The members of a relation builder that run it, by name. */
export const RELATION_CALLS: ReadonlyMap<string, RelationCall> = new Map(
  (['set', 'add', 'remove', 'addAndRemove', 'loadOne', 'loadMany'] as const).map((member) => [
    member,
    (built: Built, ...args: readonly unknown[]) => relate(built, member, args),
  ]),
);

/** Runs a member on the shard of the rows that `of()` names, which must be one. */
async function relate(built: Built, member: keyof Relation & string, args: readonly unknown[]): Promise<unknown> {
  const call = (manager: EntityManager) => {
    const builder = replay(built.recording, manager) as Relation;
    return (Reflect.get(builder, member) as (...given: readonly unknown[]) => Promise<unknown>).apply(builder, [...args]);
  };
  const sharding = mainSharding(built);
  const isWrite = !member.startsWith('load');
  if (!sharding || namedByRunner(built)) return runNamed(built, call);
  refuseLeaving(built, member, isWrite);
  if (sharding.kind === 'reference' && isWrite) return runInTurn(built.router, member, call);
  if (sharding.kind === 'sharded' && isWrite) refuseForeignRows(built, sharding, member === 'remove' ? [] : args[0]);
  const shard = sharding.kind === 'sharded' ? ownerOf(built, sharding, member) : anyShardOf(built);
  return built.router.access.run(shard, call);
}

function runNamed(built: Built, call: (manager: EntityManager) => Promise<unknown>): Promise<unknown> {
  const { shards, access } = namedRoute(built, 'relation() without an entity');
  return access.run(shards[0] as ShardHandle, call);
}

function anyShardOf(built: Built): ShardHandle {
  const target = targetOf(built.mirror.expressionMap.mainAlias?.metadata as NonNullable<ReturnType<typeof mainSharding>>['metadata']);
  return built.router.read(target, { kind: 'where', where: undefined }).shards[0] as ShardHandle;
}

function ownerOf(built: Built, sharding: ShardedEntity, member: string): ShardHandle {
  const { scope, core } = built.router;
  const keys = new EntityKeys(core, scope);
  const owners = [built.mirror.expressionMap.of].flat() as readonly unknown[];
  const shards = new Set(owners.map((owner) => shardOf(built, keys, sharding, owner)));
  const [only, other] = shards;
  if (only && !other) return only;
  throw new ScatterUnsupportedError(sharding.metadata.name, `relation().${member}`, 'owners on several shards');
}

function shardOf({ router }: Built, keys: EntityKeys, sharding: ShardedEntity, owner: unknown): ShardHandle {
  const entity = asEntity(sharding, owner);
  const isKnown = keyValuesOf(sharding, entity).every((value) => value !== undefined && value !== null);
  if (isKnown) return keys.shardOfStored(sharding, entity);
  const scope = scopeOf(router.scope, sharding, router.core);
  if (scope.kind === 'shard') return scope.shard;
  throw new ShardKeyMissingError(
    sharding.metadata.name,
    sharding.key.map(({ path }) => path),
  );
}

function asEntity({ metadata }: ShardedEntity, owner: unknown): ObjectLiteral {
  if (typeof owner === 'object' && owner !== null && !(owner instanceof Date)) return owner;
  const [primary, ...others] = metadata.primaryColumns;
  return primary && others.length === 0 ? primary.createValueMap(owner) : {};
}

/** The rows of a leaving relation are on other shards, and so is what links them, unless the row itself has the join column. */
function refuseLeaving({ mirror, router }: Built, member: string, isWrite: boolean): void {
  const relation: RelationMetadata = mirror.expressionMap.relationMetadata;
  const isThere = isWrite ? relation.isWithJoinColumn : router.scope.kind === 'shard';
  if (isThere || !router.core.model.leaving.has(relation)) return;
  throw new LeavingRelationError(relation.entityMetadata.name, relation.propertyPath, `relation().${member}`, isWrite ? 'write' : 'join');
}

/**
 * Refuses rows that cannot be beside their owner. Rows that are named by an id that tells no key are not looked for: a statement of
 * the owner's shard finds none of another one, and foreign keys refuse a link to them.
 */
function refuseForeignRows(built: Built, sharding: ShardedEntity, added: unknown): void {
  refuseRekeying(built, sharding);
  const { mirror, router } = built;
  const relation: RelationMetadata = mirror.expressionMap.relationMetadata;
  const related = router.core.model.entities.get(relation.inverseEntityMetadata);
  if (related?.kind !== 'sharded' || router.core.model.leaving.has(relation)) return;
  const owners = new Set([mirror.expressionMap.of].flat().map((owner) => keyTextOf(sharding, owner)));
  for (const row of [added].flat()) {
    const text = keyTextOf(related, row);
    const isForeign = text !== undefined && [...owners].some((owner) => owner !== undefined && owner !== text);
    if (isForeign) throw new RelatedKeyError(sharding.metadata.name, relation.propertyPath, related.metadata.name);
    // The owner is where the caller says, and its key is not known.
    if (text !== undefined && owners.has(undefined))
      new EntityKeys(router.core, router.scope).shardOfStored(related, asEntity(related, row));
  }
}

function keyTextOf(sharding: ShardedEntity, row: unknown): string | undefined {
  const values = row === null || row === undefined ? [] : keyValuesOf(sharding, asEntity(sharding, row));
  const isKnown = values.length > 0 && values.every((value) => value !== undefined && value !== null);
  return isKnown ? canonicalText(sharding, values) : undefined;
}

/** A relation that is held by shard-key columns cannot be written, since the row at its owning side would have to move. */
function refuseRekeying({ mirror, router }: Built, sharding: ShardedEntity): void {
  const relation: RelationMetadata = mirror.expressionMap.relationMetadata;
  const related = router.core.model.entities.get(relation.inverseEntityMetadata);
  const written = relation.isOwning ? relation.joinColumns : (relation.inverseRelation?.joinColumns ?? []);
  const keyed = relation.isOwning ? sharding : related;
  if (relation.isManyToMany || keyed?.kind !== 'sharded') return;
  if (!keyed.key.some(({ column }) => written.includes(column))) return;
  throw new ShardKeyChangedError(
    keyed.metadata.name,
    keyed.key.map(({ path }) => path),
  );
}
