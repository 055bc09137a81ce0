import { ShardingError } from './sharding-error';

/** A call whose shard is not proved was refused before anything was sent. */
export class ScatterRefusedError extends ShardingError {
  override readonly code = 'ERR_SCATTER_REFUSED';

  constructor(
    /** Name of the entity that was called. */
    readonly entity: string,
    /** The call, for example `update`. */
    readonly operation: string,
    /** The option of `scatter` that refuses it: `writes: 'refuse'`, or `mode: 'forbid'`. */
    readonly refusedBy: 'writes' | 'mode' = 'writes',
    options?: ErrorOptions,
  ) {
    const [harm, setting] = refusedBy === 'writes' ? ['write on', "writes: 'allow'"] : ['go to', "mode: 'allow'"];
    super(
      `${operation} on ${entity} does not name the shard key, so it would ${harm} every shard. ` +
        `Add the key to the criteria, call acrossShards() first, or set scatter: { ${setting} }.`,
      options,
    );
  }
}
