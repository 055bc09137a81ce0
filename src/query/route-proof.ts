import { InstanceChecker, type ObjectLiteral } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import type { EntitySharding, ShardedEntity } from '../metadata';
import { canonicalKey, canonicalPart, hashPosition, integerPosition, type Position, type RoutingTable, type ShardName } from '../routing';
import { type Domain, isEmpty } from './domain';
import { type Reading, whereDomain } from './where-domain';

/** Which shards a condition needs, as far as it can be proved. */
export interface RouteProof {
  /** `some`: proved to be several; `all`: nothing is proved. */
  readonly route: 'one' | 'some' | 'all' | 'none';
  readonly shards: readonly ShardName[];
  /** Why, for people. It never holds a key's value. */
  readonly reason: string;
}

/** How the entity on the other side of a relation is sharded; undefined for relations whose rows need not be on one shard. */
export type Related = (relation: RelationMetadata) => EntitySharding | undefined;

/** Above this many combinations of composite-key values nothing is proved, so that a proof stays cheap. */
const MAX_COMBINATIONS = 10_000;

/** Computes the position of a key given as values in the order of the key. @throws {ShardKeyInvalidError} when it cannot route. */
export function positionOf(sharding: ShardedEntity, values: readonly unknown[]): Position {
  const [first] = sharding.key;
  if (sharding.group.placement.positions === 'key' && first) return integerPosition(values[0], first.part);
  return hashPosition(canonicalText(sharding, values));
}

/** The canonical text of a key given as values in the order of the key. @throws {ShardKeyInvalidError} when it cannot route. */
export function canonicalText(sharding: ShardedEntity, values: readonly unknown[]): string {
  const [first] = sharding.key;
  if (first && sharding.key.length === 1 && values.length === 1) return canonicalPart(values[0], first.part);
  return canonicalKey(
    values,
    sharding.key.map(({ part }) => part),
  );
}

/**
 * Proves the smallest set of shards that `where` can find rows on. An array of conditions means any of them.
 *
 * @param where - a condition object, an array of them, or undefined for no condition.
 * @param related - how the entities of relations are sharded, for conditions on related rows.
 */
export function proveRoute(
  sharding: ShardedEntity,
  where: ObjectLiteral | readonly ObjectLiteral[] | undefined,
  table: RoutingTable,
  invalidValues: Reading['invalidValues'],
  related: Related = () => undefined,
): RouteProof {
  // TypeORM takes null for no conditions, as JavaScript callers may say it.
  if (!where) return everyShard(sharding, table);
  const plain = Array.isArray(where) ? undefined : provePlainValue(sharding, where as ObjectLiteral, table);
  if (plain) return plain;
  const reading = { invalidValues, ordered: sharding.group.placement.positions === 'key' };
  const branches = Array.isArray(where) ? where : [where];
  if (branches.length === 0) return everyShard(sharding, table);
  const found = anyBranch(branches, { sharding, table, reading, related });
  return found === 'unproved' ? everyShard(sharding, table) : proof(found, keyName(sharding), table);
}

/**
 * The canonical text of the one key that `where` allows.
 *
 * @returns undefined when it allows several, or when nothing is proved.
 */
export function soleKey(sharding: ShardedEntity, where: ObjectLiteral, invalidValues: Reading['invalidValues']): string | undefined {
  const combinations = combine(sharding.key.map((key) => whereDomain(where, key, { invalidValues, ordered: false })));
  const [only, ...others] = combinations ?? [];
  return only && others.length === 0 ? canonicalText(sharding, only) : undefined;
}

/** Proves the shards of rows named by primary key, as `update(id)` and `delete([id, …])` name them. */
export function proveIds(sharding: ShardedEntity, ids: readonly unknown[], table: RoutingTable): RouteProof {
  const [primary, ...others] = sharding.metadata.primaryColumns;
  const [key, ...moreKeys] = sharding.key;
  const isKey = primary && key && others.length === 0 && moreKeys.length === 0 && key.path === primary.propertyPath;
  if (!isKey) return everyShard(sharding, table);
  const shards = new Set(ids.map((id) => table.ownerOf(positionOf(sharding, [key.toStored(id)]))));
  return proof([...shards], keyName(sharding), table);
}

/** The route to every shard that owns rows of the entity, for what proves none. */
export function everyShard(sharding: ShardedEntity, table: RoutingTable): RouteProof {
  const shards = table.everyOwner();
  const [only] = shards;
  if (shards.length === 1 && only !== undefined) return { route: 'one', shards, reason: 'The cluster has one shard.' };
  return { route: 'all', shards, reason: `No condition proves ${keyName(sharding)}, so every shard is asked.` };
}

/** Proves `{ key: value }`, which is what most calls say, without the sets of values that other conditions need. */
function provePlainValue(sharding: ShardedEntity, where: ObjectLiteral, table: RoutingTable): RouteProof | undefined {
  const [key] = sharding.key;
  if (!key || sharding.key.length > 1 || key.column.relationMetadata || key.path.includes('.')) return undefined;
  const value: unknown = where[key.path];
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
  if (!isPlain) return undefined;
  // A condition on a related row may exclude it.
  for (const name in where) if (typeof where[name] === 'object') return undefined;
  return { route: 'one', shards: [table.ownerOf(positionOf(sharding, [key.toStored(value)]))], reason: `${key.part.property} is proved.` };
}

/** What conditions on one entity are read with. */
interface Proving {
  readonly sharding: ShardedEntity;
  readonly table: RoutingTable;
  readonly reading: Reading;
  readonly related: Related;
}

type Proved = readonly ShardName[] | 'unproved';

/** The shards that any of several conditions can need. */
function anyBranch(branches: readonly ObjectLiteral[], proving: Proving): Proved {
  const found = new Set<ShardName>();
  for (const branch of branches) {
    const shards = branchShards(branch, proving);
    if (shards === 'unproved') return shards;
    for (const shard of shards) found.add(shard);
  }
  return [...found];
}

/** The shards of one conjunction: those of the entity's own key that no condition on a related row excludes. */
function branchShards(where: ObjectLiteral, proving: Proving): Proved {
  let proved = ownShards(where, proving);
  for (const relation of proving.sharding.metadata.relations) {
    const shards = relatedShards(where[relation.propertyPath], relation, proving);
    if (shards === 'unproved') continue;
    proved = proved === 'unproved' ? shards : proved.filter((shard) => shards.includes(shard));
  }
  return proved;
}

/** Related rows of the group stand on the shard of the row that they belong to, so their own key proves it too. */
function relatedShards(condition: unknown, relation: RelationMetadata, proving: Proving): Proved {
  if (typeof condition !== 'object' || condition === null || InstanceChecker.isFindOperator(condition)) return 'unproved';
  const sharding = proving.related(relation);
  if (sharding?.kind !== 'sharded' || sharding.group !== proving.sharding.group) return 'unproved';
  const branches = Array.isArray(condition) ? condition : [condition];
  // What TypeORM says of null and undefined there is left to it.
  const reading: Reading = { ...proving.reading, invalidValues: { null: 'ignore', undefined: 'ignore' } };
  return branches.length === 0 ? 'unproved' : anyBranch(branches, { ...proving, sharding, reading });
}

function ownShards(where: ObjectLiteral, { sharding, table, reading }: Proving): Proved {
  const domains = sharding.key.map((key) => whereDomain(where, key, reading));
  return shardsOf(sharding, domains, table);
}

/** The shards of the keys that one conjunction allows, given what it allows each column of the key to be. */
export function shardsOf(sharding: ShardedEntity, domains: readonly Domain[], table: RoutingTable): Proved {
  if (domains.some(isEmpty)) return [];
  const [first] = domains;
  if (domains.length === 1 && first?.kind === 'stretch') {
    return first.low === null && first.high === null ? 'unproved' : table.ownersBetween(first.low, first.high);
  }
  const combinations = combine(domains);
  return combinations ? combinations.map((values) => table.ownerOf(positionOf(sharding, values))) : 'unproved';
}

function combine(domains: readonly Domain[]): readonly (readonly unknown[])[] | undefined {
  let combinations: readonly (readonly unknown[])[] = [[]];
  for (const domain of domains) {
    if (domain.kind !== 'values' || combinations.length * domain.values.size > MAX_COMBINATIONS) return undefined;
    combinations = combinations.flatMap((values) => [...domain.values.values()].map((value) => [...values, value]));
  }
  return combinations;
}

/** The shards that the branches of a condition allow, as a route. */
export function proofOf(sharding: ShardedEntity, branches: Iterable<readonly Domain[]>, table: RoutingTable): RouteProof {
  const found = new Set<ShardName>();
  for (const domains of branches) {
    const shards = shardsOf(sharding, domains, table);
    if (shards === 'unproved') return everyShard(sharding, table);
    for (const shard of shards) found.add(shard);
  }
  return proof([...found], keyName(sharding), table);
}

/** The canonical text of the one key that the branches allow; undefined when they allow several, or when nothing is proved. */
export function soleKeyOf(sharding: ShardedEntity, branches: readonly (readonly Domain[])[]): string | undefined {
  const texts = new Set<string | undefined>();
  for (const domains of branches) {
    const combinations = combine(domains);
    if (!combinations) return undefined;
    for (const values of combinations) texts.add(canonicalText(sharding, values));
  }
  return texts.size === 1 ? [...texts][0] : undefined;
}

function keyName(sharding: ShardedEntity): string {
  return sharding.key.map(({ path }) => `${sharding.metadata.name}.${path}`).join(', ');
}

function proof(shards: readonly ShardName[], key: string, table: RoutingTable): RouteProof {
  if (shards.length === 0) return { route: 'none', shards, reason: `The conditions on ${key} exclude each other.` };
  if (shards.length === 1) return { route: 'one', shards, reason: `${key} is proved.` };
  return { route: 'some', shards, reason: `${key} is proved to be on ${shards.length} of ${table.shards.length} shards.` };
}
