import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { UserHomeLayout } from './published';

/** Layouts by key, as they were acknowledged last. */
export type Ledger = Map<string, readonly number[]>;

/** Settings of a {@link LayoutWriter}. */
export interface LayoutWriterSettings {
  /** How long it thinks between two writes, in milliseconds. @defaultValue not at all, though it lets others have their turn */
  readonly pauseMs?: number;
  /** Makes a key for each tenth write, which then sets a new layout. @defaultValue none is new */
  readonly newKey?: () => string;
}

/**
 * Reads layouts and sets them again, counted up by one, so that a write that is lost leaves its mark for good. It knows what was acknowledged last of each.
 *
 * Nobody else may write its keys.
 */
export class LayoutWriter {
  /** Writes that were acknowledged. */
  acknowledged = 0;
  /** Reads that gave something else than what was acknowledged last. */
  wrongReads = 0;
  /** How long the slowest read and write took together. */
  slowestMs = 0;
  readonly #keys: string[];
  #isStopped = false;

  /** @param ledger - the layouts to write, kept up to date. */
  constructor(
    readonly ledger: Ledger,
    readonly settings: LayoutWriterSettings = {},
  ) {
    this.#keys = [...ledger.keys()];
  }

  /** Writes until {@link stop}. @throws what the first call that fails throws. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      // SQLite in memory answers without ever waiting.
      await delay(this.settings.pauseMs ?? 0);
      const begunMs = performance.now();
      await this.#write(this.#chosenKey());
      this.slowestMs = Math.max(this.slowestMs, performance.now() - begunMs);
    }
  }

  /** Lets {@link run} end after the write at hand. */
  stop(): void {
    this.#isStopped = true;
  }

  #chosenKey(): string {
    const { newKey } = this.settings;
    if (newKey && this.acknowledged % 10 === 9) return newKey();
    return this.#keys[randomInt(this.#keys.length)] as string;
  }

  async #write(key: string): Promise<void> {
    const found = await UserHomeLayout.get(key);
    if (String(found) !== String(this.ledger.get(key) ?? null)) this.wrongReads += 1;
    const layout = countedUp(found ?? []);
    await new UserHomeLayout(key, layout).set();
    if (!this.ledger.has(key)) this.#keys.push(key);
    this.ledger.set(key, layout);
    this.acknowledged += 1;
  }
}

/** Four blocks and, behind them, how often the layout was set again. */
function countedUp([first = 0, second = 0, third = 0, fourth = 0, writes = 0]: readonly number[]): number[] {
  return [first, second, third, fourth, writes + 1];
}
