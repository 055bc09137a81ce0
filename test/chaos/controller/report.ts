import type { WriterReport } from '../writer/writer-report';
import type { ReshardRuns } from './reshard-runs';
import type { Trial } from './trial';

const shown = 12;

/** Prints what happened, and every violation with what is needed to repeat it. */
export async function printReport(trial: Trial, runs: ReshardRuns | undefined): Promise<void> {
  const reports = await trial.reports();
  console.log(`\n${trial.databases.kind}, seed ${trial.settings.seed}: ${await trial.done()} operations`);
  printOperations(reports);
  const errors = merged(reports.map(({ errors }) => errors));
  console.log(`  errors: ${list(errors) || 'none'}`);
  console.log(`  slowest operation: ${Math.round(Math.max(...reports.map(({ slowestMs }) => slowestMs)))} ms`);
  console.log(`  ${list(Object.fromEntries(Object.entries(trial.tally).filter(([name]) => !name.startsWith('passed'))))}`);
  if (runs) printRuns(trial, runs, reports);
  printViolations(trial);
}

/** The last line: all of it in one sentence. */
export async function summary(trial: Trial, runs: ReshardRuns | undefined): Promise<string> {
  const reports = await trial.reports();
  const told = merged(reports.flatMap(({ operations }) => Object.values(operations)));
  const moving = reports.flatMap(({ movingMs }) => movingMs).sort((a, b) => a - b);
  const count = (name: RegExp) => Object.entries(trial.tally).reduce((sum, [what, times]) => (name.test(what) ? sum + times : sum), 0);
  const kinds = ['lost', 'wrong', 'duplicate', 'resurrected', 'stuck'] as const;
  const violations = kinds.map((kind) => `${trial.violations.filter((each) => each.kind === kind).length} ${kind}`);
  const others = trial.violations.filter(({ kind }) => !(kinds as readonly string[]).includes(kind)).length;
  return [
    `chaos ${trial.databases.kind}: ${await trial.done()} operations (${list(told)})`,
    `${runs?.runSeconds.length ?? 0} runs, ${runs?.movedRows ?? 0} rows moved`,
    `crashes: ${count(/^movers killed/)} movers, ${count(/^outages of a shard/)} shards, ${count(/^outages of the store/)} stores`,
    `zombies: ${count(/zombies/)} movers, ${count(/^writers stopped/)} writers`,
    `pause of moving keys p50 ${quantile(moving, 0.5)} ms, p99 ${quantile(moving, 0.99)} ms`,
    `seed ${trial.settings.seed}`,
    `${violations.join(', ')}${others > 0 ? `, ${others} OTHER FAULTS` : ''}`,
  ].join('; ');
}

function printOperations(reports: readonly WriterReport[]): void {
  const kinds = [...new Set(reports.flatMap(({ operations }) => Object.keys(operations)))].sort();
  for (const kind of kinds) {
    const total = merged(reports.map(({ operations }) => operations[kind] ?? {}));
    console.log(`  ${kind.padEnd(14)} ${list(total)}`);
  }
}

function printRuns(trial: Trial, runs: ReshardRuns, reports: readonly WriterReport[]): void {
  const passed = Object.fromEntries(
    Object.entries(trial.tally).flatMap(([name, count]) => (name.startsWith('passed ') ? [[name.slice(7), count]] : [])),
  );
  const moving = reports.flatMap(({ movingMs }) => movingMs).sort((a, b) => a - b);
  console.log(
    `  runs: ${runs.runSeconds.length} (${runs.runSeconds.map((seconds) => seconds.toFixed(1)).join(', ')} s), ${runs.movedRows} rows reported as moved`,
  );
  console.log(`  steps passed: ${list(passed)}`);
  const left = runs.kills.left.map(([step, count]) => `${count} ${step}`).join(', ');
  if (left !== '') console.log(`  kills that were not made: ${left}`);
  console.log(`  write to a moving key: p50 ${quantile(moving, 0.5)} ms, p99 ${quantile(moving, 0.99)} ms of ${moving.length}`);
  console.log(
    `  pauses that movers report: ${runs.pauses.map(({ p50, p99 }) => `${Math.round(p50)}/${Math.round(p99)}`).join(', ')} ms (p50/p99)`,
  );
}

function printViolations({ violations, log, databases, settings }: Trial): void {
  if (violations.length === 0) {
    console.log('  violations: 0 lost, 0 wrong, 0 duplicate, 0 resurrected, 0 stuck');
    return;
  }
  const kinds = merged(violations.map(({ kind }) => ({ [kind]: 1 })));
  console.log(`  VIOLATIONS: ${list(kinds)}`);
  for (const { kind, what, history } of violations.slice(0, shown)) {
    console.log(`  - ${kind}: ${what}`);
    for (const line of history ?? []) console.log(`      ${line}`);
  }
  console.log('  What happened last:');
  for (const line of log.slice(-60)) console.log(`      ${line}`);
  console.log(`  Again: npm run chaos -- --database ${databases.kind} --seed ${settings.seed}`);
}

function merged(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const each of counts) for (const [name, count] of Object.entries(each)) total[name] = (total[name] ?? 0) + count;
  return total;
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function quantile(sorted: readonly number[], share: number): number | string {
  return sorted.length === 0 ? '–' : Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!);
}
