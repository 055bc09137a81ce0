import type { FindManyOptions, ObjectLiteral } from 'typeorm';
import { LeavingRelationError } from '../../errors';
import { planRelations } from '../relations/relation-plan';
import { type Built, mainEntity } from './built';

/** What a select builder keeps to itself of `setFindOptions()`. */
interface FindOptionsHolder {
  readonly findOptions?: FindManyOptions<ObjectLiteral>;
  /** What is loaded by queries of its own. */
  readonly relationMetadatas?: readonly Relation[];
}

/**
 * Checks what a select builder loads besides its own statement: ids of relations, and relations by queries of their own. The shards'
 * own metadata have no leaving relations, so TypeORM would leave these out without a word.
 *
 * @throws {LeavingRelationError} naming the first relation whose rows or links may be on another shard.
 */
export function refuseLeavingLoads(built: Built, operation: string): void {
  const { mirror, router } = built;
  const { leaving } = router.core.model;
  for (const { relation } of mirror.expressionMap.relationIdAttributes) {
    if (leaving.has(relation) && !relation.isWithJoinColumn) throw refusal(relation, operation, 'ids');
  }
  const metadata = mainEntity(mirror);
  if (mirror.expressionMap.relationLoadStrategy !== 'query' || !metadata) return;
  const { findOptions = {}, relationMetadatas = [] } = mirror as unknown as FindOptionsHolder;
  const apart = relationMetadatas.find((relation) => leaving.has(relation));
  if (apart) throw refusal(apart, operation, 'join');
  if (Object.keys(findOptions).length === 0) return;
  const [branch] = planRelations(metadata, findOptions, leaving, operation).branches;
  if (branch) throw refusal(branch.relation, operation, 'join');
}

type Relation = ReturnType<typeof planRelations>['branches'][number]['relation'];

function refusal({ entityMetadata, propertyPath }: Relation, operation: string, use: 'ids' | 'join'): LeavingRelationError {
  return new LeavingRelationError(entityMetadata.name, propertyPath, operation, use);
}
