import { tryAtRest } from './controller/at-rest';
import { printReport, summary } from './controller/report';
import { ReshardRuns } from './controller/reshard-runs';
import { unnoticedFaults } from './controller/sabotage';
import { Trial } from './controller/trial';
import type { ChaosDatabases, ChaosKind } from './databases/chaos-databases';
import { serverDatabases } from './databases/server-databases';
import { sqliteDatabases } from './databases/sqlite-databases';
import { killAll } from './processes/child';

/** What is tried. */
export interface ChaosOptions {
  readonly seed: number;
  readonly isLong: boolean;
  /** After how long nothing more is begun, in milliseconds. */
  readonly forMs: number;
  readonly isTold: boolean;
  readonly isAtRest: boolean;
  readonly dropEvery: number;
  readonly operationsAtRest: number;
}

const opened = new Set<ChaosDatabases>();

/** Tries one database, and prints a report whose last line sums it up. @returns whether everything held. */
export async function tryOn(kind: ChaosKind, options: ChaosOptions): Promise<boolean> {
  const { seed, dropEvery, isTold, isLong } = options;
  const begun = performance.now();
  console.log(`chaos on ${kind}, seed ${seed}`);
  const databases = kind === 'sqlite' ? await sqliteDatabases() : await serverDatabases(kind);
  opened.add(databases);
  const trial = new Trial(databases, { seed, writers: 4, loops: 4, dropEvery, paceMs: isLong ? 40 : 100, isTold, isLong });
  try {
    await trial.begin();
    const runs = await tried(trial, options);
    await printReport(trial, runs);
    const isGood = trial.violations.length === 0 && (await faultsAreNoticed(trial));
    console.log(`${await summary(trial, runs)}; ${Math.round((performance.now() - begun) / 1_000)} s`);
    return isGood;
  } finally {
    await trial.end().catch(() => undefined); // One that does not end in order is killed.
    killAll();
    opened.delete(databases);
    await databases.stop();
  }
}

/** Stops the servers of what is being tried. */
export async function stopTrials(): Promise<void> {
  await Promise.allSettled([...opened].map((databases) => databases.stop()));
}

async function tried(trial: Trial, { isLong, forMs, isAtRest, operationsAtRest }: ChaosOptions): Promise<ReshardRuns | undefined> {
  const size = isLong
    ? { kills: 20, killsOfRun: 12, disturbEveryMs: 4_000, disturbances: 8, operations: 200_000, undisturbed: 7 }
    : { kills: 1, killsOfRun: 4, disturbEveryMs: 3_000, disturbances: 4, operations: 0, undisturbed: 1 };
  const runs = isAtRest ? undefined : new ReshardRuns(trial, { ...size, untilMs: performance.now() + forMs });
  try {
    await tryAtRest(trial, { operations: operationsAtRest, everyMs: 1_500 });
    await runs?.run();
  } catch (error) {
    trial.violate({ kind: 'unexpected', what: `the trial itself stopped: ${(error as Error).stack}` });
  }
  return runs;
}

async function faultsAreNoticed(trial: Trial): Promise<boolean> {
  const unnoticed = await unnoticedFaults(trial);
  console.log(`  faults made by the trial itself: ${unnoticed.length === 0 ? 'all noticed' : `NOT NOTICED: ${unnoticed.join(', ')}`}`);
  return unnoticed.length === 0;
}
