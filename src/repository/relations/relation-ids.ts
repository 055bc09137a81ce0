import type { EntityMetadata, FindManyOptions } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import { LeavingRelationError } from '../../errors';
import type { PlanContext } from './check-where';

type Option = NonNullable<FindManyOptions['loadRelationIds']>;

/**
 * Takes the relations whose ids do not stand in the entity's row out of the option `loadRelationIds`.
 *
 * @returns The option for the shards, and the relations whose ids stand in links that are stored beside the entity.
 * @throws {LeavingRelationError} for relations whose ids stand in rows of other shards.
 */
export function withoutLeavingIds(
  option: Option,
  metadata: EntityMetadata,
  { leaving, operation, withDeleted }: PlanContext,
): { readonly option: Option; readonly links: readonly RelationMetadata[] } {
  const given = typeof option === 'object' ? option : {};
  const wanted = metadata.relations.filter(({ propertyPath }) => given.relations?.includes(propertyPath) ?? option !== false);
  const elsewhere = wanted.filter((relation) => leaving.has(relation) && !relation.isWithJoinColumn);
  // Links do not tell which of the rows are marked as deleted.
  const hidesRows = ({ inverseEntityMetadata }: RelationMetadata) => inverseEntityMetadata.deleteDateColumn !== undefined && !withDeleted;
  const unknown = elsewhere.find((relation) => !leaving.holdsLinks(relation) || hidesRows(relation));
  if (unknown) throw new LeavingRelationError(metadata.name, unknown.propertyPath, operation, 'ids');
  if (elsewhere.length === 0) return { option, links: [] };
  const here = wanted.filter((relation) => !elsewhere.includes(relation));
  return { option: { ...given, relations: here.map(({ propertyPath }) => propertyPath) }, links: elsewhere };
}
