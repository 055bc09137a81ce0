import { ShardingError } from './sharding-error';

/** What a call wanted of a relation that leaves its group. */
export type RelationUse = 'condition' | 'order' | 'page' | 'ids' | 'join' | 'write' | 'link';

const WORDS: Readonly<Record<RelationUse, readonly [wanted: string, remedy: string]>> = {
  condition: ['a condition on', 'Compare its join column, or find the related rows first and use their keys.'],
  order: ['an order by', 'Order by columns of the entity itself, or sort what is found.'],
  page: ['a page in the order of', 'Order by columns of the entity before it.'],
  ids: ['only the ids of', 'Load the relation itself with the option relations.'],
  join: ['a join of', 'Load it with the option relations of find().'],
  write: ['a changed', 'Save the related rows by themselves, or declare the relation with persistence: false.'],
  link: ['a row without a primary key in', 'Save the related row first.'],
};

/** A call needs the related rows on the shard of the entity, but the relation leads to rows of any shard. */
export class LeavingRelationError extends ShardingError {
  override readonly code = 'ERR_LEAVING_RELATION';

  constructor(
    /** Name of the entity that was called. */
    readonly entity: string,
    /** Path of the relation's property. */
    readonly relation: string,
    /** The call, for example `find`. */
    readonly operation: string,
    /** What the call needed of the relation. */
    readonly use: RelationUse,
    options?: ErrorOptions,
  ) {
    const [wanted, remedy] = WORDS[use];
    super(
      `${operation} on ${entity} with ${wanted} the relation ${relation}, which leaves its group, is not supported. ${remedy}`,
      options,
    );
  }
}
