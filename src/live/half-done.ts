import { ShardsFailedError } from '../errors';

const remembered = new WeakSet<object>();

/** What is known of a write on several shards of which a part has failed. */
export interface PartlyDone {
  readonly operation: string;
  /** The shards of the attempt that failed. */
  readonly asked: readonly string[];
  /** The shards that this attempt or an earlier one has written; the call leaves that out when it is made again. */
  readonly done: readonly string[];
}

/** What to throw of an attempt that may be made again for the rest: it says what is done already, also by earlier attempts. */
export function restFault(error: unknown, { operation, asked, done }: PartlyDone): unknown {
  const fault = done.length === 0 ? error : new ShardsFailedError(operation, failuresOf(error, asked), done);
  if (fault instanceof ShardsFailedError) remembered.add(fault);
  return fault;
}

/** Whether some shards have committed a part of the call. */
export function isPartlyDone(error: unknown): boolean {
  return error instanceof ShardsFailedError && error.succeeded.length > 0;
}

/** Whether making the call again would do twice what has been committed on some shards. */
export function isUnrepeatable(error: unknown): boolean {
  return isPartlyDone(error) && !remembered.has(error as object);
}

function failuresOf(error: unknown, asked: readonly string[]): ShardsFailedError['failed'] {
  return error instanceof ShardsFailedError ? error.failed : asked.map((shard) => ({ shard, error }));
}
