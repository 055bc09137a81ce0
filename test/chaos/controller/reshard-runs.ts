import { setTimeout as delay } from 'node:timers/promises';
import { beyondTimeoutsMs } from '../library';
import type { Announcement, Child } from '../processes/child';
import { settled } from './at-rest';
import { type Change, changes, isAdding } from './changes';
import { disturb } from './disturb';
import { Kills } from './kills';
import { isExpectedFailure, type MoverResult } from './mover-failures';
import { MoverPool } from './mover-pool';
import type { Trial } from './trial';

/** How much has to be done. */
export interface RunsSettings {
  /** Kills of each step. */
  readonly kills: number;
  readonly killsOfRun: number;
  readonly disturbEveryMs: number;
  /** Of one run, at most. */
  readonly disturbances: number;
  /** The least of all operations. */
  readonly operations: number;
  /** When no more run is begun, by this process's clock; infinite when all kills shall be made. */
  readonly untilMs: number;
  /** How many runs are left alone at first, for the measure of those that follow. */
  readonly undisturbed: number;
}

/** A mover that was stopped, and what becomes of it when it wakes up. */
interface Zombie {
  readonly mover: Child;
  readonly answer: Promise<MoverResult>;
  readonly awake: Promise<void>;
}

/** One run, while movers die of it. */
interface Run {
  readonly change: Change;
  readonly gates: Set<string>;
  /** Where a mover is stopped instead of killed. */
  stallAt: string | undefined;
  readonly zombies: Zombie[];
  readonly deadline: number;
}

const longestMs = 300_000;

/** Adds, reweighs and removes shards and changes placements while writers write, and kills or stops movers at their steps. */
export class ReshardRuns {
  readonly kills: Kills;
  readonly pauses: { p50: number; p99: number }[] = [];
  readonly runSeconds: number[] = [];
  /** How long each change takes when it is left alone; of those that never were, the first. */
  readonly #quietMs = new Map<string, number>();
  readonly #pool: MoverPool;
  #movedRows = 0;

  constructor(
    readonly trial: Trial,
    readonly settings: RunsSettings,
  ) {
    this.kills = new Kills(settings.kills, trial.databases.kind === 'sqlite' ? ['disarm'] : []); // SQLite keeps its guards.
    this.#pool = new MoverPool(trial);
  }

  get movedRows(): number {
    return this.#movedRows;
  }

  async run(): Promise<void> {
    for (let number = 0; !this.#isTimeOver && (await this.#isUnfinished(number)); number++) {
      if (number > 40 + this.settings.kills * 14) break; // Some step is never reached; the report names it.
      if (!(await this.#one(changes[number % changes.length]!, number))) break;
    }
    await this.#pool.end();
    // The report says what is left.
    if (this.#isTimeOver) return;
    for (const [step, count] of this.kills.left)
      this.trial.violate({ kind: 'audit', what: `step ${step} was to be killed ${count} more times and was not reached` });
  }

  get #isTimeOver(): boolean {
    return performance.now() > this.settings.untilMs;
  }

  async #isUnfinished(number: number): Promise<boolean> {
    return number < changes.length || this.kills.total > 0 || (await this.trial.done()) < this.settings.operations;
  }

  /** @returns whether it came to its end, and another may follow. */
  async #one(change: Change, number: number): Promise<boolean> {
    const { trial, settings } = this;
    const isQuiet = number < settings.undisturbed;
    await trial.release();
    const calm = isQuiet ? async () => {} : disturb(trial, settings.disturbEveryMs, settings.disturbances);
    const ms = await this.#moved(change, isQuiet);
    await calm();
    if (ms === undefined) return false;
    if (isQuiet) this.#quietMs.set(JSON.stringify(change), ms);
    await this.#pool.end(); // The next ones are configured anew.
    await settled(trial, `after run ${number + 1}, ${JSON.stringify(change)}`);
    await trial.audit();
    trial.tell(
      `run ${number + 1} ${JSON.stringify(change)}: ${(ms / 1_000).toFixed(1)} s, ${await trial.done()} operations, ${this.kills.total} kills left, ${trial.violations.length} violations`,
    );
    return true;
  }

  /** @returns how long the run took; undefined when it did not end. */
  async #moved(change: Change, isQuiet: boolean): Promise<number | undefined> {
    const begun = performance.now();
    const run: Run = {
      change,
      gates: new Set(isQuiet ? [] : this.kills.chosen(this.trial.random, this.settings.killsOfRun, isAdding(change))),
      stallAt: isQuiet ? undefined : this.kills.anyStep(this.trial.random),
      zombies: [],
      deadline: begun + this.#limitMs(change),
    };
    this.trial.note(
      `run ${JSON.stringify(change)}, to be killed at ${[...run.gates].join(', ') || 'no step'}, stopped at ${run.stallAt ?? 'none'}`,
    );
    const isDone = await this.#untilMoved(run);
    const ms = performance.now() - begun;
    await Promise.all(run.zombies.map((zombie) => this.#buried(zombie)));
    this.runSeconds.push(ms / 1_000);
    if (isDone) return ms;
    this.trial.violate({ kind: 'slow-run', what: `run ${JSON.stringify(change)} has not ended after ${Math.round(ms)} ms` });
    return undefined;
  }

  #limitMs(change: Change): number {
    const [first] = this.#quietMs.values();
    const quiet = this.#quietMs.get(JSON.stringify(change)) ?? first;
    return quiet === undefined ? longestMs : 10 * quiet;
  }

  /** One mover process after another, until the plan has come and gone. */
  async #untilMoved(run: Run): Promise<boolean> {
    for (let isStarted = false; ; ) {
      const isLate = isStarted;
      const result = await this.#mover(run, isLate ? undefined : run.change);
      const { plan } = await this.trial.topologySoon();
      // Killed before the plan is recorded, the next one starts again; a plan that was there and is gone is done, by whomever.
      const isDone = plan === null && (isStarted || (typeof result === 'object' && result.report !== undefined));
      // A mover that was stopped before it recorded the plan may have been faster after all.
      if (typeof result === 'object') this.#take(result, (isLate && plan === null) || run.zombies.length > 0);
      if (isDone) return true;
      isStarted ||= plan !== null;
      if (result === 'late' || performance.now() > run.deadline) return false;
    }
  }

  /** One mover process, until it ends, is killed, or becomes a zombie. */
  async #mover(run: Run, change: Change | undefined): Promise<MoverResult | 'struck' | 'late'> {
    const mover = await this.#pool.take();
    const announced = new Promise<Announcement>((resolve) => {
      mover.onAnnouncement = resolve;
    });
    const gates = [...run.gates, ...(run.stallAt === undefined ? [] : [run.stallAt])];
    const answer = mover
      .ask<MoverResult>('run', { change, gates })
      .catch((error: Error): MoverResult => ({ failed: { code: 'GONE', retryable: false, message: error.message } }));
    const late = delay(Math.max(0, run.deadline - performance.now()), 'late' as const, { ref: false });
    const first = await Promise.race([answer, announced, late]);
    if (first === 'late') {
      await mover.kill();
      return 'late';
    }
    if ('step' in first) return this.#struck(run, { mover, answer, announcement: first });
    await mover.ask('end').catch(() => mover.kill());
    return first;
  }

  async #struck(
    run: Run,
    { mover, answer, announcement: { step, shard } }: { mover: Child; answer: Promise<MoverResult>; announcement: Announcement },
  ): Promise<'struck'> {
    await this.#countHeld(step);
    if (run.stallAt === step) {
      run.stallAt = undefined;
      this.trial.note(`${mover.name} stopped at ${step} ${shard ?? ''}`);
      this.trial.count('movers stopped beyond every timeout (zombies)');
      mover.signal('SIGSTOP');
      mover.go('once');
      const awake = delay(beyondTimeoutsMs).then(() => {
        this.trial.note(`${mover.name} wakes up`);
        mover.signal('SIGCONT');
      });
      run.zombies.push({ mover, answer, awake });
    } else {
      run.gates.delete(step);
      this.kills.made(step);
      this.trial.note(`${mover.name} killed at ${step} ${shard ?? ''}`);
      this.trial.count('movers killed');
      await mover.kill();
    }
    return 'struck';
  }

  /** A zombie wakes up to a plan that others go on with or have ended, and must end in time. */
  async #buried({ mover, answer, awake }: Zombie): Promise<void> {
    await awake;
    const result = await Promise.race([answer, delay(30_000, 'late' as const, { ref: false })]);
    if (result === 'late') this.trial.violate({ kind: 'stuck', what: `${mover.name} has not ended 30 s after it woke up` });
    else this.#take(result, true);
    if (result === 'late') await mover.kill();
    else await mover.ask('end').catch(() => mover.kill());
  }

  /** While the mover stands at its step: counts with writers held. In a frozen window what waits for its end counts as in flight. */
  async #countHeld(step: string): Promise<void> {
    await this.trial.hold(400);
    await this.trial.checkCounts(`at ${step}`);
    await this.trial.release();
  }

  #take({ report, failed }: MoverResult, isLate: boolean): void {
    if (report?.pauseMs && report.movedRows) this.pauses.push(report.pauseMs);
    this.#movedRows += report?.movedRows ?? 0;
    if (!failed) return;
    this.trial.note(`mover failed: ${failed.code} ${failed.message}`);
    this.trial.count(`movers that stopped by ${failed.code}`);
    if (isExpectedFailure(failed, isLate)) return;
    this.trial.violate({ kind: 'unexpected', what: `a mover failed by ${failed.code}: ${failed.message}\n${failed.cause ?? ''}` });
  }
}
