import { ShardingError } from './sharding-error';

/** Related rows of one group were to be written together, but their shard keys differ. */
export class RelatedKeyError extends ShardingError {
  override readonly code = 'ERR_RELATED_KEY';

  constructor(
    /** Name of the entity that was saved. */
    readonly entity: string,
    /** The relation that leads to the row with another key. */
    readonly relation: string,
    /** Name of the related entity with another key. */
    readonly related: string,
    options?: ErrorOptions,
  ) {
    super(
      `${entity}.${relation} leads to a ${related} with another shard key. Rows that are saved together must have one key; ` +
        'save the other row by itself, or set its key.',
      options,
    );
  }
}
