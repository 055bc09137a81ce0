import type { ReshardReport } from 'typeorm-sharding';
import type { Joining } from './join-online';
import { experiments } from './published';
import type { Outcome } from './run-experiment';
import { findingFaults } from './stored-layouts';

/** A table of rows by shard, as published and as counted here, and how fast it went. */
export function reportOf({ experiment, counts, wrong, writtenSeconds, readSeconds, owners }: Outcome): string {
  const speed = (seconds: number) => `${Math.round(owners.size / seconds).toLocaleString('en')} rows/s`;
  return [
    experiment.title,
    ...countTable(experiment.published, counts),
    `  ${owners.size} layouts written at ${speed(writtenSeconds)}, read back at ${speed(readSeconds)}, ${wrong === 0 ? 'all as written' : `${wrong} WRONG`}`,
    '',
  ].join('\n');
}

/** From which shards keys moved to which, when one outcome follows the other. */
export function movesBetween(before: Outcome, after: Outcome): ReadonlyMap<string, number> {
  const moves = new Map<string, number>();
  for (const [key, from] of before.owners) {
    const to = after.owners.get(key);
    const move = `${from} -> ${to}`;
    if (from !== to) moves.set(move, (moves.get(move) ?? 0) + 1);
  }
  return moves;
}

/** The moves as a table. */
export function reportMoves(moves: ReadonlyMap<string, number>): string {
  const width = Math.max(...[...moves.keys()].map((move) => move.length));
  const lines = [...moves].map(([move, count]) => `  ${move.padEnd(width)}  ${number(count)}`);
  return ['Keys that moved when it joined', ...lines, ''].join('\n');
}

/** What came of adding a shard while a writer went on. */
export function reportJoining({ findings, report, acknowledged, ...joining }: Joining): string {
  const faults = joiningDifferences({ findings, report, acknowledged, ...joining });
  return [
    'The third shard joins while a writer goes on',
    ...countTable(experiments.threeShards.published, findings.originals),
    `  ${movedText(report)}`,
    `  ${acknowledged} writes acknowledged meanwhile, ${faults.length === 0 ? 'none lost' : 'NOT all there'}`,
    '',
  ].join('\n');
}

/** How many rows a run moved, and how long writes waited for it. */
export function movedText({ movedRows, chunks, pauseMs: { p50, p99 } }: ReshardReport): string {
  const waited = `writes to moving keys waited ${Math.round(p50)} ms (p50), ${Math.round(p99)} ms (p99)`;
  return `${movedRows} rows moved in ${chunks} chunks; ${waited}`;
}

/** One sentence for each count that is not as published, and for writes that were lost or are there twice. */
export function joiningDifferences({ findings, wrongReads }: Joining): readonly string[] {
  return [
    ...countDifferences('After the third shard joined', experiments.threeShards.published, findings.originals),
    ...findingFaults(findings),
    ...(wrongReads > 0 ? [`${wrongReads} reads gave something else than what was acknowledged last.`] : []),
  ];
}

/** One sentence for each count, value or move that is not as published; none when the experiment was repeated. */
export function differencesOf(outcomes: readonly Outcome[], moves: ReadonlyMap<string, number>): readonly string[] {
  const newcomer = experiments.threeShards.databases.at(-1);
  const astray = [...moves].filter(([move]) => !move.endsWith(`-> ${newcomer}`));
  return [
    ...outcomes.flatMap(({ experiment, counts }) => countDifferences(`${experiment.title}:`, experiment.published, counts)),
    ...outcomes
      .filter(({ wrong }) => wrong > 0)
      .map(({ experiment, wrong }) => `${experiment.title}: ${wrong} layouts were read back otherwise than written.`),
    ...astray.map(([move, count]) => `${count} keys moved ${move}, although only ${newcomer} joined.`),
  ];
}

/** Rows by shard. */
type Counts = Readonly<Record<string, number>>;

/** A table of rows by shard, as published and as counted here. */
export function countTable(published: Counts, here: Counts): readonly string[] {
  const names = Object.keys(published);
  const width = Math.max(...names.map((name) => name.length));
  const row = (name: string) => {
    const [expected = 0, counted = 0] = [published[name], here[name]];
    return `  ${name.padEnd(width)}  ${number(expected)}  ${number(counted)}  ${expected === counted ? 'same' : 'DIFFERENT'}`;
  };
  return [`  ${'shard'.padEnd(width)}  published      here`, ...names.map(row)];
}

function countDifferences(what: string, published: Counts, here: Counts): readonly string[] {
  const names = new Set([...Object.keys(published), ...Object.keys(here)]);
  return [...names]
    .filter((name) => published[name] !== here[name])
    .map((name) => `${what} ${name} has ${here[name] ?? 0} rows, published are ${published[name] ?? 0}.`);
}

function number(value: number): string {
  return String(value).padStart(9);
}
