import type { ShardRule } from '../../fence';
import type { Position } from '../../routing';
import type { MovedStretch, Stretch } from './moved-stretch';
import type { TablePosition } from './table-position';

/** The condition of a row that moves, as SQL; undefined when none does. */
export function movedCondition(position: TablePosition, { rules, ...stretch }: MovedStretch): string | undefined {
  if (rules.some(({ modulus }) => modulus === 0)) return undefined;
  return [...stretchTerms(position, stretch), ...rules.flatMap((rule) => ruleTerm(position, rule))].join(' AND ') || 'TRUE';
}

/** The condition of a row that moves with any of some stretches, as SQL; undefined when none does. */
export function anyMovedCondition(position: TablePosition, stretches: readonly MovedStretch[]): string | undefined {
  const conditions = stretches.flatMap((stretch) => movedCondition(position, stretch) ?? []);
  if (conditions.length <= 1) return conditions[0];
  return `(${conditions.map((condition) => `(${condition})`).join(' OR ')})`;
}

/** The condition of a row that lies in a stretch, as SQL. */
export function stretchCondition(position: TablePosition, stretch: Stretch): string {
  return stretchTerms(position, stretch).join(' AND ') || 'TRUE';
}

/** Floor modulus, as the fence has it: −5 mod 3 is 1. */
function ruleTerm({ expression }: TablePosition, { modulus, residue }: ShardRule): readonly string[] {
  return modulus === 1 ? [] : [`(((${expression}) % ${modulus} + ${modulus}) % ${modulus} = ${residue})`];
}

/** Of dates the index is asked by bounds of the column, which may be wider, and the position itself decides. */
function stretchTerms(position: TablePosition, stretch: Stretch): readonly string[] {
  const { column, expression, kind } = position;
  const exact = [...lowest(position, expression, stretch.from), ...highest(position, expression, stretch.upto)];
  if (kind === 'integer') return exact;
  const [since, before] = kind === 'day' ? dayBounds(stretch) : timeBounds(position, stretch);
  return [...(since === undefined ? [] : [`${column} >= ${since}`]), ...(before === undefined ? [] : [`${column} < ${before}`]), ...exact];
}

/** The ends of PostgreSQL's and SQLite's integers. A number beyond them has a type that their indexes cannot be asked with. */
const [LEAST, LARGEST] = [-(2n ** 63n), 2n ** 63n - 1n];

function lowest({ dialect }: TablePosition, expression: string, from: Position): readonly string[] {
  const isWide = dialect !== 'mysql';
  if (from === Number.POSITIVE_INFINITY || (isWide && from > LARGEST)) return ['1 = 0'];
  return from === Number.NEGATIVE_INFINITY || (isWide && from <= LEAST) ? [] : [`${expression} >= ${from}`];
}

function highest({ dialect }: TablePosition, expression: string, upto: Position): readonly string[] {
  const isWide = dialect !== 'mysql';
  if (upto === Number.NEGATIVE_INFINITY || (isWide && upto <= LEAST)) return ['1 = 0'];
  return upto === Number.POSITIVE_INFINITY || (isWide && upto > LARGEST) ? [] : [`${expression} < ${upto}`];
}

const DAY_MS = 86_400_000;
/** 0001-01-02 and 9999-12-31: within these every database writes and compares a day in the same way. */
const [FIRST_MS, LAST_MS] = [-62_135_510_400_000, 253_402_214_400_000];

/** Of days: both ends rounded up, since a day's position is its midnight. */
function dayBounds({ from, upto }: Stretch): Bounds {
  return [quotedDay(Math.ceil, from), quotedDay(Math.ceil, upto)];
}

/** SQLite compares times as texts, which may have several forms: only their days compare in each of them. */
function timeBounds({ dialect }: TablePosition, { from, upto }: Stretch): Bounds {
  return dialect === 'postgres' ? [zoned(from), zoned(upto)] : [quotedDay(Math.floor, from), quotedDay(Math.ceil, upto)];
}

type Bounds = readonly [since: string | undefined, before: string | undefined];

function quotedDay(round: (days: number) => number, position: Position): string | undefined {
  const text = isoText(round(Number(position) / DAY_MS) * DAY_MS);
  return text && `'${text.slice(0, 10)}'`;
}

function zoned(position: Position): string | undefined {
  const text = isoText(Number(position));
  return text && `'${text}'::timestamptz`;
}

function isoText(timeMs: number): string | undefined {
  return timeMs >= FIRST_MS && timeMs <= LAST_MS ? new Date(timeMs).toISOString() : undefined;
}
