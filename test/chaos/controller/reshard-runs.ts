import { setTimeout as delay } from 'node:timers/promises';
import { addedWeight, beyondTimeoutsMs } from '../library';
import { type Announcement, Child } from '../processes/child';
import { settled } from './at-rest';
import { disturb } from './disturb';
import type { Trial } from './trial';

/** Every step that a mover announces, in order. */
export const steps =
  'prepare identity references cut arm announce barrier lease raise clear freeze copy verify commit committed lower clean place settle narrow disarm finish'.split(
    ' ',
  );

/** Made one after the other, over and over. */
const changes: readonly object[] = [
  { add: ['s3'] },
  { remove: ['s3'] },
  { add: ['s3'] },
  { reweigh: { s3: 2 * addedWeight } },
  { remove: ['s3'] },
];

/** How much has to be done. */
export interface RunsSettings {
  /** Kills of each step. */
  readonly kills: number;
  readonly killsOfRun: number;
  readonly disturbEveryMs: number;
  readonly operations: number;
}

interface Result {
  readonly report?: { readonly pauseMs?: { readonly p50: number; readonly p99: number }; readonly movedRows?: number };
  readonly failed?: { readonly code: string; readonly retryable: boolean; readonly message: string; readonly cause?: string };
}

/** Faults of a run that are as they should be while movers, shards and the store are killed: another process resumes. */
const EXPECTED = new Set([
  'ERR_RESHARD_STOPPED',
  'ERR_LEASE_LOST',
  'ERR_TOPOLOGY_STORE',
  'ERR_SHARD_FAILED',
  'ERR_SHARDS_FAILED',
  'ERR_TOPOLOGY_CHANGED',
  'ERR_FENCE_BLOCKED',
  'ERR_ROUTE_LEASE',
  'ERR_DATABASE_BUSY',
]);
const BROKEN_CONNECTION =
  /closed state|ECONNREFUSED|ECONNRESET|connection lost|Connection terminated|starting up|already released|idle-session|SQLITE_BUSY|database is locked/i;
const longestMs = 300_000;

/** Adds, reweighs and removes shards while writers write, and kills or stops movers at their steps. */
export class ReshardRuns {
  /** Kills that are still to be made, by step. */
  readonly left: Map<string, number>;
  readonly pauses: { p50: number; p99: number }[] = [];
  readonly runSeconds: number[] = [];
  #undisturbedMs = 0;
  #spare: Promise<Child> | undefined;
  #number = 0;
  #movedRows = 0;

  constructor(
    readonly trial: Trial,
    readonly settings: RunsSettings,
  ) {
    const unreached = trial.databases.kind === 'sqlite' ? ['disarm'] : []; // SQLite keeps its guards.
    this.left = new Map(steps.filter((step) => !unreached.includes(step)).map((step) => [step, settings.kills]));
  }

  get movedRows(): number {
    return this.#movedRows;
  }

  /** @returns whether the library can move rows at all. */
  async isPossible(): Promise<boolean> {
    const child = new Child('a first mover', 'mover-process');
    const isPossible = await child.ask<boolean>('begin', this.trial.databases.description);
    await child.ask('end');
    return isPossible;
  }

  async run(): Promise<void> {
    // The first undisturbed, for the measure of all others.
    for (let number = 0; number < 1 || this.#isUnfinished(await this.trial.done()); number++) {
      const change = changes[number % changes.length]!;
      await this.trial.release();
      const isFirst = number < 1;
      const quiet = isFirst ? async () => {} : disturb(this.trial, { everyMs: this.settings.disturbEveryMs, outages: true, pauses: true });
      const ms = await this.#one(change, isFirst ? [] : this.#chosen());
      await quiet();
      if (ms === undefined) break;
      if (isFirst) this.#undisturbedMs = Math.max(this.#undisturbedMs, ms);
      await settled(this.trial, `after run ${number + 1}, ${JSON.stringify(change)}`);
      await this.#audit();
      if (number > 40 + this.settings.kills * 12) break; // Some step is never reached; the report names it.
    }
    await (await this.#spare)?.kill();
    for (const [step, count] of this.left) {
      if (count > 0) this.trial.violate({ kind: 'audit', what: `step ${step} was to be killed ${count} more times and was not reached` });
    }
  }

  #isUnfinished(done: number): boolean {
    return done < this.settings.operations || [...this.left.values()].some((count) => count > 0);
  }

  #chosen(): string[] {
    return this.trial.random
      .shuffled([...this.left].flatMap(([step, count]) => (count > 0 ? [step] : [])))
      .slice(0, this.settings.killsOfRun);
  }

  /** @returns how long the run took; undefined when it did not end. */
  async #one(change: object, gates: string[]): Promise<number | undefined> {
    const begun = performance.now();
    const limitMs = this.#undisturbedMs === 0 ? longestMs : 10 * this.#undisturbedMs;
    const zombies: Child[] = [];
    this.trial.note(`run ${JSON.stringify(change)}, to be killed at ${gates.join(', ') || 'no step'}`);
    let isStarted = false;
    for (;;) {
      const result = await this.#mover(isStarted ? undefined : change, { gates, zombies, deadline: begun + limitMs });
      const plan = await this.#plan();
      // Killed before the plan is recorded, the next one starts again; a plan that was there and is gone is done, by whomever.
      isStarted ||= plan !== null;
      if (result === 'late' || (typeof result === 'object' && result.report)) break;
      if (isStarted && plan === null) break;
      if (performance.now() - begun > limitMs) break;
    }
    const ms = performance.now() - begun;
    for (const zombie of zombies) await zombie.kill();
    this.runSeconds.push(ms / 1_000);
    if ((await this.#plan()) === null) return ms;
    this.trial.violate({
      kind: 'slow-run',
      what: `run ${JSON.stringify(change)} has not ended after ${Math.round(ms)} ms; undisturbed ${Math.round(this.#undisturbedMs)} ms`,
    });
    return undefined;
  }

  /** One mover process, until it ends, is killed, or becomes a zombie. */
  async #mover(
    change: object | undefined,
    { gates, zombies, deadline }: { readonly gates: string[]; readonly zombies: Child[]; readonly deadline: number },
  ): Promise<Result | 'killed' | 'late'> {
    const mover = await (this.#spare ?? this.#fresh());
    this.#spare = this.#fresh();
    const announced = new Promise<Announcement>((resolve) => {
      mover.onAnnouncement = resolve;
    });
    const answer = mover
      .ask<Result>('run', { change, gates })
      .catch((error: Error): Result => ({ failed: { code: 'GONE', retryable: false, message: error.message } }));
    const late = delay(Math.max(0, deadline - performance.now()), 'late' as const, { ref: false });
    const first = await Promise.race([answer, announced, late]);
    if (first === 'late') {
      await mover.kill();
      return 'late';
    }
    if ('step' in first) return this.#struck(mover, first, { gates, zombies });
    await mover.ask('end').catch(() => mover.kill());
    this.#take(first, zombies.length > 0);
    return first;
  }

  async #struck(
    mover: Child,
    { step, shard }: Announcement,
    { gates, zombies }: { readonly gates: string[]; readonly zombies: Child[] },
  ): Promise<'killed'> {
    gates.splice(gates.indexOf(step), 1);
    this.left.set(step, this.left.get(step)! - 1);
    await this.#countHeld(step);
    if (this.trial.random.next() < 0.2) {
      this.trial.note(`${mover.name} stopped at ${step} ${shard ?? ''}`);
      this.trial.count('movers stopped beyond every timeout (zombies)');
      mover.signal('SIGSTOP');
      mover.go('once');
      zombies.push(mover);
      void delay(beyondTimeoutsMs, undefined, { ref: false }).then(() => {
        this.trial.note(`${mover.name} wakes up`);
        mover.signal('SIGCONT');
      });
    } else {
      this.trial.note(`${mover.name} killed at ${step} ${shard ?? ''}`);
      this.trial.count('movers killed');
      await mover.kill();
    }
    return 'killed';
  }

  /** While the mover stands at its step: counts with writers held. In a frozen window what waits for its end counts as in flight. */
  async #countHeld(step: string): Promise<void> {
    await this.trial.hold(400);
    await this.trial.checkCounts(`at ${step}`);
    await this.trial.release();
  }

  #take({ report, failed }: Result, hasZombies: boolean): void {
    if (report?.pauseMs) this.pauses.push(report.pauseMs);
    this.#movedRows += report?.movedRows ?? 0;
    if (!failed) return;
    this.trial.note(`mover failed: ${failed.code} ${failed.message}`);
    this.trial.count(`movers that stopped by ${failed.code}`);
    // A zombie may have finished the plan meanwhile.
    if (EXPECTED.has(failed.code) || /no plan/i.test(failed.message)) return;
    if (hasZombies && failed.code === 'ERR_RESHARD_REFUSED') return;
    // Before there is a run, faults of drivers come as they are.
    if (BROKEN_CONNECTION.test(failed.message)) return;
    this.trial.violate({ kind: 'unexpected', what: `a mover failed by ${failed.code}: ${failed.message}\n${failed.cause ?? ''}` });
  }

  async #plan(): Promise<object | null> {
    for (;;) {
      const found = await this.trial.topology().catch(() => undefined);
      if (found) return found.plan;
      await delay(100); // The store is away just now.
    }
  }

  async #fresh(): Promise<Child> {
    for (;;) {
      const mover = new Child(`mover ${++this.#number}`, 'mover-process');
      mover.onEvent = ({ step, progress }) => {
        if (progress === undefined) this.trial.count(`passed ${String(step)}`);
        else this.trial.note(`${mover.name}: ${JSON.stringify(progress).slice(0, 500)}`);
      };
      const isReady = await mover
        .ask('begin', this.trial.databases.description)
        .catch((error: Error) => this.trial.note(`${mover.name} could not start: ${error.message.split('\n')[0]}`));
      if (isReady) return mover;
      await mover.kill();
      await delay(200);
    }
  }

  async #audit(): Promise<void> {
    const mover = await (this.#spare ?? this.#fresh());
    this.#spare = undefined;
    const audit = await mover.ask<Readonly<Record<string, unknown>>>('audit');
    await mover.ask('end');
    const isClean = audit.isWell === true;
    if (!isClean) this.trial.violate({ kind: 'audit', what: `cluster.reshard.audit(): ${JSON.stringify(audit).slice(0, 600)}` });
    this.trial.count('audits');
  }
}
