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
