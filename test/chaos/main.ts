import { parseArgs } from 'node:util';
import { settled, tryAtRest } from './controller/at-rest';
import { printReport } from './controller/report';
import { ReshardRuns } from './controller/reshard-runs';
import { unnoticedFaults } from './controller/sabotage';
import { Trial } from './controller/trial';
import type { ChaosDatabases, ChaosKind } from './databases/chaos-databases';
import { serverDatabases } from './databases/server-databases';
import { sqliteDatabases } from './databases/sqlite-databases';
import { killAll } from './processes/child';

const { values } = parseArgs({
  options: {
    database: { type: 'string', multiple: true },
    long: { type: 'boolean', default: false },
    seed: { type: 'string' },
    /** Moves nothing. */
    'at-rest': { type: 'boolean', default: false },
    /** Lets writers acknowledge one of so many updates without sending it; the trial must fail. */
    drop: { type: 'string', default: '0' },
    /** Tells on stderr what happens while it happens. */
    story: { type: 'boolean', default: false },
    /** How many operations at rest. */
    operations: { type: 'string' },
  },
});

const kinds = (values.database ?? ['mariadb', 'postgres', 'sqlite']) as ChaosKind[];
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const operationsAtRest = Number(values.operations ?? (values.long ? 40_000 : 600));
const opened = new Set<ChaosDatabases>();

/** @returns whether everything held. */
async function tryOn(kind: ChaosKind): Promise<boolean> {
  const databases = kind === 'sqlite' ? await sqliteDatabases() : await serverDatabases(kind);
  opened.add(databases);
  const paceMs = kind === 'sqlite' ? 20 : 10;
  const trial = new Trial(databases, { seed, writers: 4, loops: 4, dropEvery: Number(values.drop), paceMs, isTold: values.story });
  let runs: ReshardRuns | undefined;
  try {
    await trial.begin();
    await tryAtRest(trial, { operations: operationsAtRest, everyMs: 1_500 });
    if (!values['at-rest']) {
      const size = values.long
        ? { kills: 20, killsOfRun: 6, disturbEveryMs: 4_000, operations: 200_000 }
        : { kills: 1, killsOfRun: 11, disturbEveryMs: 6_000, operations: 0 };
      runs = new ReshardRuns(trial, size);
      if (await runs.isPossible()) await runs.run();
      else trial.violate({ kind: 'audit', what: 'cluster.reshard.start is not there: nothing could be moved' });
    }
    await settled(trial, 'at the end');
    await printReport(trial, runs);
    return trial.violations.length === 0 && (await faultsAreNoticed(trial));
  } finally {
    await trial.end().catch(() => undefined); // One that does not end in order is killed.
    killAll();
    opened.delete(databases);
    await databases.stop();
  }
}

async function faultsAreNoticed(trial: Trial): Promise<boolean> {
  const unnoticed = await unnoticedFaults(trial);
  console.log(`  faults made by the trial itself: ${unnoticed.length === 0 ? 'all noticed' : `NOT NOTICED: ${unnoticed.join(', ')}`}`);
  return unnoticed.length === 0;
}

async function main(): Promise<void> {
  console.log(`chaos on ${kinds.join(', ')}, seed ${seed}`);
  let isGood = true;
  for (const kind of kinds) {
    const begun = performance.now();
    isGood = (await tryOn(kind)) && isGood;
    console.log(`  ${kind}: ${Math.round((performance.now() - begun) / 1_000)} s`);
  }
  process.exitCode = isGood ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    killAll();
    await Promise.allSettled([...opened].map((databases) => databases.stop()));
    process.exit(130);
  });
}
process.on('exit', killAll);
void main();
