import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger } from '../layouts/layout-writer';
import type { Addresses } from './cluster';
import type { Entries } from './messages';
import { type Guard, Writer } from './writer';

/** What the processes of all times wrote. */
export interface WrittenByAll {
  /** Every layout as it was acknowledged last. */
  readonly ledger: Ledger;
  readonly acknowledged: number;
  readonly wrongReads: number;
  readonly slowestMs: number;
}

/** The processes of the application, each with layouts of its own to write. */
export class Writers {
  readonly #entries: Entries[];
  /** The process that writes the layouts of each index. */
  readonly #current: Writer[] = [];
  readonly #started: Writer[] = [];
  #acknowledged = 0;
  #wrongReads = 0;
  #slowestMs = 0;

  constructor(
    ledger: Ledger,
    readonly count: number,
    readonly guard: Guard,
  ) {
    const entries = [...ledger];
    this.#entries = Array.from({ length: count }, (_, writer) => entries.filter((_, index) => index % count === writer));
  }

  /** How many writes have been acknowledged. */
  get acknowledged(): number {
    return this.#current.reduce((sum, writer) => sum + writer.acknowledged, this.#acknowledged);
  }

  /** Starts all processes. */
  async start(addresses: Addresses): Promise<void> {
    const opened = await Promise.all(this.#entries.map(() => this.#open(addresses)));
    for (const [index, writer] of opened.entries()) this.#begin(index, writer);
  }

  /** Replaces one process after the other, as a rolling deployment does. The others go on writing. */
  async replace(addresses: Addresses): Promise<void> {
    for (let index = 0; index < this.count; index += 1) {
      const next = await this.#open(addresses);
      await this.#stop(index);
      this.#begin(index, next);
    }
  }

  /** Waits until so many more writes have been acknowledged. */
  async untilWritten(more: number): Promise<void> {
    const enough = this.acknowledged + more;
    while (this.acknowledged < enough) await delay(50, undefined, { signal: this.guard.signal });
  }

  /** Ends all processes. @returns what they wrote. */
  async stop(): Promise<WrittenByAll> {
    for (let index = 0; index < this.count; index += 1) await this.#stop(index);
    const ledger = new Map(this.#entries.flat());
    return { ledger, acknowledged: this.#acknowledged, wrongReads: this.#wrongReads, slowestMs: this.#slowestMs };
  }

  /** Ends at once what has not ended. */
  kill(): void {
    for (const writer of this.#started) writer.kill();
  }

  async #open(addresses: Addresses): Promise<Writer> {
    const writer = new Writer(this.guard);
    this.#started.push(writer);
    await writer.open(addresses);
    return writer;
  }

  #begin(index: number, writer: Writer): void {
    this.#current[index] = writer;
    writer.write(this.#entries[index]!);
  }

  async #stop(index: number): Promise<void> {
    const { entries, acknowledged, wrongReads, slowestMs } = await this.#current[index]!.stop();
    delete this.#current[index];
    this.#entries[index] = entries;
    this.#acknowledged += acknowledged;
    this.#wrongReads += wrongReads;
    this.#slowestMs = Math.max(this.#slowestMs, slowestMs);
  }
}
