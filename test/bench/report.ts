import type { Judged } from './figure';

/** Writes one figure as a line for people. */
export function lineOf(figure: Judged): string {
  const { verdict, what, value, unit, interval, limit, contains, note } = figure;
  const found = `${amount(value)} ${unit}`;
  const range = interval ? ` (${amount(interval.low)} to ${amount(interval.high)})` : '';
  const target = limit === undefined ? '' : `, target: at most ${limit} ${unit}${contains === undefined ? '' : `, and ${contains} within`}`;
  return `${verdict.padEnd(9)}  ${what}: ${found}${range}${target}${note ? `; ${note}` : ''}`;
}

/** What is to be known before the figures are read. */
export function preface(pairs: number): string {
  return [
    `Ratios are the median of the ratios within ${pairs} pairs of calls, the two of a pair one after the other in random order. In`,
    'parentheses is the 95 % percentile bootstrap interval over pairs, whose upper end is held against the target.',
    'CPU is user and system time of the process: the median difference between blocks of 250 calls in random order, itself held',
    'against the target.',
    'The repository of a shard uses the data source of the shard, with its position column, subscriber and lock; ordinary TypeORM is',
    'a data source over one database with the same rows.',
    '',
  ].join('\n');
}

/** The verdicts in one line. */
export function summary(figures: readonly Judged[]): string {
  const count = (verdict: Judged['verdict']) => figures.filter((figure) => figure.verdict === verdict).length;
  return `${count('met')} targets met, ${count('not met')} not met; ${count('no target')} figures without a target.`;
}

function amount(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
