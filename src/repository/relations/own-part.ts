import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { LeavingRelations } from '../../metadata';

/** A copy of an object without what it holds over relations that leave the group, for calls that look for related rows on one shard. */
export function ownPart(entityLike: ObjectLiteral, metadata: EntityMetadata, leaving: LeavingRelations): ObjectLiteral {
  const copy: ObjectLiteral = Object.assign(Object.create(Object.getPrototypeOf(entityLike)), entityLike);
  for (const relation of metadata.relations) {
    if (relation.embeddedMetadata || !leaving.canReach(metadata)) continue;
    const name = relation.isLazy && entityLike[`__${relation.propertyName}__`] ? `__${relation.propertyName}__` : relation.propertyName;
    const value: unknown = leaving.has(relation) || !(name in copy) ? undefined : copy[name];
    if (leaving.has(relation)) delete copy[name];
    else if (isObject(value)) copy[name] = partsOf(value, relation.inverseEntityMetadata, leaving);
  }
  return copy;
}

function partsOf(value: object, metadata: EntityMetadata, leaving: LeavingRelations): unknown {
  if (value instanceof Promise) return value;
  if (Array.isArray(value)) return value.map((each: unknown) => (isObject(each) ? ownPart(each, metadata, leaving) : each));
  return ownPart(value, metadata, leaving);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
