import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../processes/child';
import type { Trial } from './trial';

/** How long a process may take to start while members are away, in milliseconds. */
const startMs = 60_000;

/** Steps that are passed too often to be told. */
const OF_EACH_CHUNK = new Set(['freeze', 'copy', 'verify', 'commit', 'committed', 'lower']);

/** Mover processes: one is always being started, so that a dead one is replaced at once. */
export class MoverPool {
  #spare: Promise<Child> | undefined;
  #number = 0;

  constructor(readonly trial: Trial) {}

  async take(): Promise<Child> {
    const mover = await (this.#spare ?? this.#started());
    this.#spare = this.#started();
    // Whoever takes it is told.
    this.#spare.catch(() => undefined);
    return mover;
  }

  async end(): Promise<void> {
    const spare = await this.#spare?.catch(() => undefined);
    this.#spare = undefined;
    await spare?.kill();
  }

  async #started(): Promise<Child> {
    const end = performance.now() + startMs;
    for (;;) {
      const mover = await this.#fresh();
      try {
        await mover.ask('begin', this.trial.databases.description);
        return mover;
      } catch (error) {
        this.trial.note(`${mover.name} could not start: ${(error as Error).message.split('\n')[0]}`);
        await mover.kill();
        if (performance.now() > end) throw error;
        await delay(200);
      }
    }
  }

  /** Configured with the placements that are in force, as a process is that is deployed now. */
  async #fresh(): Promise<Child> {
    const { tables } = await this.trial.topologySoon();
    const wide = ['Meter', 'Reading'].filter((table) => tables.get(table)?.shards.includes('s3'));
    const mover = new Child(`mover ${++this.#number}`, 'mover-process', { CHAOS_WIDE: wide.join() });
    let last: unknown;
    mover.onEvent = ({ step, progress }) => {
      if (progress === undefined) this.trial.count(`passed ${String(step)}`);
      if (progress === undefined && step !== last && !OF_EACH_CHUNK.has(String(step)))
        this.trial.note(`${mover.name} is at ${String(step)}`);
      last = step ?? last;
      if (progress !== undefined) this.trial.note(`${mover.name}: ${JSON.stringify(progress).slice(0, 500)}`);
    };
    return mover;
  }
}
