import type { Joining } from './join-online';
import { experiments } from './published';
import type { Outcome } from './run-experiment';

/** A table of rows by shard, as published and as counted here, and how fast it went. */
export function reportOf({ experiment, counts, wrong, writtenSeconds, readSeconds, owners }: Outcome): string {
  const names = Object.keys(experiment.published);
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => {
    const [published = 0, here = 0] = [experiment.published[name], counts[name]];
    return `  ${name.padEnd(width)}  ${number(published)}  ${number(here)}  ${published === here ? 'same' : 'DIFFERENT'}`;
  });
  const speed = (seconds: number) => `${Math.round(owners.size / seconds).toLocaleString('en')} rows/s`;
  return [
    experiment.title,
    `  ${'shard'.padEnd(width)}  published      here`,
    ...lines,
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
export function reportJoining({ counts, report, acknowledged, wrong }: Joining): string {
  const width = Math.max(...Object.keys(counts).map((name) => name.length));
  const published: Readonly<Record<string, number>> = experiments.threeShards.published;
  const lines = Object.entries(counts).map(([name, here]) => {
    const same = published[name] === here ? 'same' : 'DIFFERENT';
    return `  ${name.padEnd(width)}  ${number(published[name] ?? 0)}  ${number(here)}  ${same}`;
  });
  return [
    'The third shard joins while a writer goes on',
    `  ${'shard'.padEnd(width)}  published      here`,
    ...lines,
    `  ${report.movedRows} rows moved in ${report.chunks} chunks at ${Math.round(report.rowsPerSecond)} rows/s; ` +
      `writes to moving keys waited ${Math.round(report.pauseMs.p50)} ms (p50), ${Math.round(report.pauseMs.p99)} ms (p99)`,
    `  ${acknowledged} writes acknowledged meanwhile, ${wrong === 0 ? 'none lost' : `${wrong} LOST`}`,
    '',
  ].join('\n');
}

/** One sentence for each count that is not as published, and for writes that were lost. */
export function joiningDifferences({ counts, wrong }: Joining): readonly string[] {
  const published: Readonly<Record<string, number>> = experiments.threeShards.published;
  const counted = Object.entries(counts).filter(([name, here]) => published[name] !== here);
  return [
    ...counted.map(([name, here]) => `After the third shard joined ${name} has ${here} rows, published are ${published[name] ?? 0}.`),
    ...(wrong > 0 ? [`${wrong} layouts are not what was acknowledged last.`] : []),
  ];
}

/** One sentence for each count, value or move that is not as published; none when the experiment was repeated. */
export function differencesOf(outcomes: readonly Outcome[], moves: ReadonlyMap<string, number>): readonly string[] {
  const newcomer = experiments.threeShards.databases.at(-1);
  const astray = [...moves].filter(([move]) => !move.endsWith(`-> ${newcomer}`));
  return [
    ...outcomes.flatMap(countDifferences),
    ...outcomes
      .filter(({ wrong }) => wrong > 0)
      .map(({ experiment, wrong }) => `${experiment.title}: ${wrong} layouts were read back otherwise than written.`),
    ...astray.map(([move, count]) => `${count} keys moved ${move}, although only ${newcomer} joined.`),
  ];
}

function countDifferences({ experiment, counts }: Outcome): readonly string[] {
  const published: Readonly<Record<string, number>> = experiment.published;
  const names = new Set([...Object.keys(published), ...Object.keys(counts)]);
  return [...names]
    .filter((name) => published[name] !== counts[name])
    .map((name) => `${experiment.title}: ${name} has ${counts[name] ?? 0} rows, published are ${published[name] ?? 0}.`);
}

function number(value: number): string {
  return String(value).padStart(9);
}
