import type { ShardedDataSource } from 'typeorm-sharding';

/**
 * One cluster from the start of its application to the end.
 *
 * Nothing is open until {@link start} is called. While it runs, {@link end} ends its waiting between tries. What was opened is closed by
 * {@link end}, also when it was opened only after the end was asked for.
 */
export class ClusterLifetime {
  readonly #ending = new AbortController();
  #started: Promise<ShardedDataSource> | undefined;

  /** Opens the cluster. @param open - must stop trying when the signal is aborted. */
  start(open: (signal: AbortSignal) => Promise<ShardedDataSource>): Promise<ShardedDataSource> {
    this.#started = open(this.#ending.signal);
    return this.#started;
  }

  /** Closes every shard; throws as `destroy()` of the cluster does, when all that can be are closed. */
  async end(): Promise<void> {
    this.#ending.abort();
    // Whoever waits for the start is told why it failed; then nothing is open.
    const source = await this.#started?.catch(() => undefined);
    await source?.destroy();
  }
}
