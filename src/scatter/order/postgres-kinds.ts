import { compareBytes, compareDecimals, compareDoubles, compareTimes } from '../../query';
import type { ColumnFacts } from './facts';
import { onlyRanked, type SortKind, sortKind } from './sort-kind';

const asText = (column: string): string => `CAST(${column} AS text)`;
const castTo = (type: string) => (parameter: string) => `CAST(${parameter} AS ${type})`;

const place = (column: string): string => `array_position(enum_range(${column}), ${column})`;
const inUtc = (column: string): string => `CAST(${column} AT TIME ZONE 'UTC' AS text)`;

/** How a column of PostgreSQL is compared. What is not listed has an order that only the database knows. */
export function postgresKind(facts: ColumnFacts): SortKind {
  const { type, isEnum, isBytewise } = facts;
  if (isEnum) return sortKind({ read: Number, compare: numeric, select: place, operand: place, bind: castTo('integer') });
  if (isBytewise) return sortKind({ read: String, compare: textual(compareBytes) });
  return KINDS.find(([pattern]) => pattern.test(type))?.[1](type) ?? ranked(facts);
}

const KINDS: readonly (readonly [RegExp, (type: string) => SortKind])[] = [
  [/^(smallint|integer)$/, (type) => sortKind({ read: Number, compare: numeric, bind: castTo(type) })],
  [/^boolean$/, () => sortKind({ read: Number, compare: numeric, select: toInteger, operand: toInteger, bind: castTo('integer') })],
  [
    /^(bigint|numeric)\b/,
    (type) => sortKind({ read: String, compare: textual(compareDecimals), select: asText, bind: castTo(bare(type)) }),
  ],
  // The text of a real is the shortest that gives the same real, so the order of these texts as numbers is the order of the reals.
  [/^(real|double precision)$/, (type) => sortKind({ read: readDouble, compare: numeric, select: asText, bind: castTo(type) })],
  [/^uuid$/, () => sortKind({ read: String, compare: textual(compareBytes), select: asText, bind: castTo('uuid') })],
  [
    /^bytea$/,
    () =>
      sortKind({
        read: String,
        compare: textual(compareBytes),
        select: (column) => `encode(${column}, 'hex')`,
        bind: (parameter) => `decode(${parameter}, 'hex')`,
      }),
  ],
  [/^timestamp\b.*with time zone$/, () => sortKind({ read: String, compare: textual(compareTimes), select: inUtc, bind: fromUtc })],
  [
    /^(date|timestamp\b.*without time zone|time\b.*without time zone)$/,
    (type) => sortKind({ read: String, compare: textual(compareTimes), select: asText, bind: castTo(bare(type)) }),
  ],
];

function ranked({ type, collation }: ColumnFacts): SortKind {
  const cast = castTo(type);
  // Texts are compared by the column's collation, which a parameter takes over as it is.
  const bind = collation === undefined ? cast : undefined;
  const rank = collation === undefined ? cast('s') : `${cast('s')} COLLATE ${collation}`;
  return sortKind({ read: String, compare: onlyRanked, select: asText, ...(bind && { bind }), rank });
}

function toInteger(column: string): string {
  return `CAST(${column} AS integer)`;
}

function fromUtc(parameter: string): string {
  return `(CAST(${parameter} AS timestamp) AT TIME ZONE 'UTC')`;
}

/** A type without its length, so that no value is rounded on the way back. */
function bare(type: string): string {
  return type.replace(/\(.*?\)/, '');
}

function readDouble(raw: unknown): number {
  return Number(raw);
}

function numeric(a: string | number, b: string | number): number {
  return compareDoubles(a as number, b as number);
}

function textual(compare: (a: string, b: string) => number): SortKind['compare'] {
  return compare as SortKind['compare'];
}
