import { compareBytes, compareDecimals, compareDoubles } from '../../query';
import type { ColumnFacts } from './facts';
import { onlyRanked, type SortKind, sortKind } from './sort-kind';

/** An utf8mb4 code point takes three bytes of a sort key of a binary collation. */
const BYTES_OF_CODE_POINT = 3;

const asText = (column: string): string => `CAST(${column} AS CHAR)`;

const SMALL = sortKind({ read: Number, compare: numeric, select: (column) => `${column} + 0` });
const exact = (bind: SortKind['bind']): SortKind => sortKind({ read: String, compare: textual(compareDecimals), select: asText, bind });
const DECIMAL = exact((parameter, value) => `CAST(${parameter} AS DECIMAL(65, ${String(value).split('.')[1]?.length ?? 0}))`);
const BITS = sortKind({
  read: String,
  compare: textual(compareDecimals),
  select: (column) => asText(`${column} + 0`),
  operand: (column) => `${column} + 0`,
  bind: (parameter) => `CAST(${parameter} AS UNSIGNED)`,
});
/** By text, since a number as text of a FLOAT column has only six digits, and as a parameter would lose its last ones. */
const DOUBLE = sortKind({
  read: Number,
  compare: numeric,
  select: (column) => `${column} + 0E0`,
  bind: (parameter) => `CAST(${parameter} AS DOUBLE)`,
});
/** Years have four digits here, so that the text is in order. */
const TIME = sortKind({ read: withoutZeros, compare: textual(compareTexts), select: asText });
/** Hours of a TIME may be negative and have three digits; as a number they are in order. */
const DURATION = sortKind({
  read: String,
  compare: textual(compareDecimals),
  select: (column) => asText(`CAST(${column} AS DECIMAL(20, 6))`),
  operand: (column) => `CAST(${column} AS DECIMAL(20, 6))`,
  bind: (parameter) => `CAST(${parameter} AS DECIMAL(20, 6))`,
});
/** As seconds since 1970, because the text of a TIMESTAMP depends on the session's time zone and is ambiguous when clocks go back. */
const INSTANT = sortKind({
  read: String,
  compare: textual(compareDecimals),
  select: (column) => asText(`UNIX_TIMESTAMP(${column})`),
  operand: (column) => `UNIX_TIMESTAMP(${column})`,
  bind: (parameter) => `CAST(${parameter} AS DECIMAL(30, 6))`,
});
/** By place, as MySQL orders them. */
const ENUM = sortKind({ read: Number, compare: numeric, select: (column) => `${column} + 0`, operand: (column) => `${column} + 0` });

const KINDS: readonly (readonly [RegExp, SortKind])[] = [
  [/^(tinyint|smallint|mediumint|int|year)\b/, SMALL],
  [/^bigint.*unsigned/, exact((parameter) => `CAST(${parameter} AS UNSIGNED)`)],
  [/^bigint\b/, exact((parameter) => `CAST(${parameter} AS SIGNED)`)],
  [/^decimal\b/, DECIMAL],
  [/^bit\b/, BITS],
  [/^(float|double)\b/, DOUBLE],
  [/^(datetime|date)\b/, TIME],
  [/^timestamp\b/, INSTANT],
  [/^time\b/, DURATION],
];

/** How a column of MySQL or MariaDB is compared; undefined for types without an order. */
export function mysqlKind(facts: ColumnFacts): SortKind | undefined {
  const { type, isEnum, collation } = facts;
  if (isEnum) return ENUM;
  if (collation !== undefined) return facts.isBytewise ? bytewise(facts) : ranked(facts);
  if (/blob|binary/.test(type)) return binary(facts);
  if (/^(uuid|inet4|inet6)$/.test(type)) return cast(type);
  return KINDS.find(([pattern]) => pattern.test(type))?.[1];
}

function bytewise(facts: ColumnFacts): SortKind {
  const sortBytes = (value: string | number) => String(value).length * BYTES_OF_CODE_POINT;
  return sortKind({ read: String, compare: textual(compareBytes), sortBytes, ...limitsOf(facts) });
}

function ranked(facts: ColumnFacts): SortKind {
  const rank = `CONVERT(s USING ${facts.charset}) COLLATE ${facts.collation}`;
  return sortKind({ read: String, compare: onlyRanked, rank, ...limitsOf(facts) });
}

function limitsOf({ collation, maxSortBytes }: ColumnFacts): Partial<SortKind> {
  return {
    ...(maxSortBytes !== undefined && { maxSortBytes }),
    // MariaDB fills sort keys up with zeros, so that it sorts 'a' and 'a' with a zero at its end alike, but compares them as different.
    ...(/nopad/.test(collation ?? '') && { isUnplaced: (value) => String(value).endsWith('\0') }),
  };
}

function cast(type: string): SortKind {
  const bind = (parameter: string) => `CAST(${parameter} AS ${type})`;
  return sortKind({ read: String, compare: onlyRanked, select: asText, bind, rank: bind('s') });
}

function binary(facts: ColumnFacts): SortKind {
  return sortKind({
    read: String,
    compare: textual(compareTexts),
    select: (column) => `HEX(${column})`,
    bind: (parameter) => `UNHEX(${parameter})`,
    sortBytes: (value) => String(value).length / 2,
    ...limitsOf(facts),
  });
}

/** Columns of several precisions write the same time with more or fewer digits. */
function withoutZeros(raw: unknown): string {
  const text = String(raw);
  return text.endsWith('0') && text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function numeric(a: string | number, b: string | number): number {
  return compareDoubles(a as number, b as number);
}

function textual(compare: (a: string, b: string) => number): SortKind['compare'] {
  return compare as SortKind['compare'];
}
