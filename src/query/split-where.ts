import { FindOperator, In, InstanceChecker, type ObjectLiteral } from 'typeorm';
import type { KeyColumn, ShardedEntity } from '../metadata';
import type { RoutingTable, ShardName } from '../routing';
import { append } from './append';
import { positionOf, type RouteProof } from './route-proof';

/** Conditions as find options and criteria have them. */
export type Where = ObjectLiteral | readonly ObjectLiteral[] | undefined;

/** Proves the shards of one condition object; undefined when nothing is proved. */
export type ProveBranch = (branch: ObjectLiteral) => RouteProof;

/**
 * Splits proved conditions, so that each shard is asked only for what it can have: of alternatives those that concern it, and of
 * `In` on the shard key the keys that it owns.
 *
 * @returns The conditions for each of the shards that were proved.
 */
export function splitWhere(sharding: ShardedEntity, where: Where, table: RoutingTable, prove: ProveBranch): (shard: ShardName) => Where {
  const [key, ...others] = sharding.key;
  if (!where || !key) return () => where;
  const isSimple = others.length === 0 && !key.path.includes('.') && sharding.group.placement.positions === 'hash';
  const narrowed = (branch: ObjectLiteral) => (isSimple ? splitBranch(sharding, key, branch, table) : () => branch);
  if (!Array.isArray(where)) return narrowed(where as ObjectLiteral);
  const branches = (where as readonly ObjectLiteral[]).map((branch) => ({ proof: prove(branch), narrow: narrowed(branch) }));
  return (shard) => branches.filter(({ proof }) => proof.shards.includes(shard)).map(({ narrow }) => narrow(shard));
}

/** Splits primary keys that are shard keys, as `update` and `delete` take them. */
export function splitIds(
  sharding: ShardedEntity,
  ids: readonly unknown[],
  table: RoutingTable,
): ReadonlyMap<ShardName, readonly unknown[]> {
  const [key] = sharding.key;
  const parts = new Map<ShardName, unknown[]>();
  if (key) for (const id of ids) append(parts, ownerOf(sharding, key, id, table), id);
  return parts;
}

function splitBranch(
  sharding: ShardedEntity,
  key: KeyColumn,
  branch: ObjectLiteral,
  table: RoutingTable,
): (shard: ShardName) => ObjectLiteral {
  const condition: unknown = branch[key.path];
  if (!isPlainIn(condition)) return () => branch;
  const parts = new Map<ShardName, unknown[]>();
  for (const value of condition.value) append(parts, ownerOf(sharding, key, value, table), value);
  return (shard) => ({ ...branch, [key.path]: In(parts.get(shard) ?? []) });
}

function isPlainIn(condition: unknown): condition is FindOperator<readonly unknown[]> {
  if (!InstanceChecker.isFindOperator(condition)) return false;
  return condition.type === 'in' && !condition.child && Array.isArray(condition.value);
}

function ownerOf(sharding: ShardedEntity, key: KeyColumn, value: unknown, table: RoutingTable): ShardName {
  return table.ownerOf(positionOf(sharding, [key.toStored(value)]));
}
