import { ShardingError } from './sharding-error';

/** A move cannot go on. Every row is served, from its source or, what has moved, from its target; the cause says what happened. */
export class ReshardStoppedError extends ShardingError {
  override readonly code = 'ERR_RESHARD_STOPPED';

  constructor(
    /** The plan that it belongs to. */
    readonly planId: string,
    /** What the mover was about to do, for example `copy`. */
    readonly step: string,
    /** The shard that it was done on; undefined when none is to blame. */
    readonly shard: string | undefined,
    reason: string,
    options?: ErrorOptions,
  ) {
    const place = shard === undefined ? '' : ` on shard "${shard}"`;
    super(
      `The move stopped at step ${step}${place}: ${reason} Every row is served as before. ` +
        'Mend the cause, then go on with cluster.reshard.resume() or typeorm-sharding reshard resume.',
      options,
    );
  }
}
