import * as fc from 'fast-check';
import type { DatabaseKind } from '../database';
import { CHOICES, type ColumnFact, type ColumnFamily, dialectOf } from './columns';

const PREFIX = 'x'.repeat(120);

/** Texts that databases fold, pad, ignore, escape or sort by another rule than their bytes. The simplest come first, for shrinking. */
const TEXTS = [
  'a',
  'b',
  '',
  'A',
  'B',
  'ab',
  'aB',
  'z',
  'Z',
  ' ',
  'a ',
  'a  ',
  'A ',
  ' a',
  'a\t',
  'a\n',
  'a\u0001',
  '\ta',
  'á',
  'ä',
  'Ä',
  'a\u0308',
  'ae',
  'ß',
  'ss',
  'é',
  'ø',
  'ﬀ',
  'ı',
  '9',
  '10',
  '%',
  '_',
  'a%',
  "o'clock",
  '\\',
  '😀',
  '😁',
  'a😀',
  `${PREFIX}a`,
  `${PREFIX}b`,
  `${PREFIX}B`,
];

const UUIDS = [
  '00000000-0000-4000-8000-000000000001',
  '00000000-0000-4000-8000-000000000002',
  '11111111-0000-4000-8000-000000000000',
  '00000001-0001-4000-9000-000000000000',
  'ffffffff-ffff-4fff-8fff-000000000001',
  'a0000000-0000-1000-8000-00000000000b',
];

const POOLS: Readonly<Record<Exclude<ColumnFamily, 'text'>, readonly unknown[]>> = {
  integer: [0, 1, 2, 3, -1, 7, 100, -100, 1_000_000],
  bigint: [
    '0',
    '1',
    '-1',
    '9007199254740992',
    '9007199254740993',
    '9007199254740991',
    '-9007199254740993',
    '-9007199254740992',
    '300000000000000000',
    '300000000000000001',
    '-300000000000000001',
  ],
  decimal: [
    '0',
    '1.5',
    '0.1',
    '0.2',
    '0.3',
    '-0.1',
    '0.0000000001',
    '12345678901234567890.1234567891',
    '12345678901234567890.1234567892',
    '-12345678901234567890.1',
  ],
  // Small enough that the order in which they are added shows only in digits that comparing leaves out.
  double: [0, 0.1, 0.2, -0.1, 1.5, 1 / 3, 1e-7, 1e6, -1e6],
  single: [0.5, -3.5, 0.1, 16_777_216, 1_234_567.125, 1_234_567.25],
  boolean: [false, true],
  time: [
    '2020-01-01 00:00:00.000000',
    '2020-01-01 00:00:00.000001',
    '2020-01-01 00:00:00.123456',
    '2020-01-01 00:00:00.123457',
    '2019-12-31 23:59:59.999999',
    '1999-06-15 12:30:00.500000',
    '2030-02-28 08:00:00.000010',
  ],
  date: ['2020-01-01', '2019-12-31', '1999-06-15', '2030-02-28'],
  choice: [...CHOICES],
  uuid: UUIDS,
  bytes: ['', '00', '0001', '01', '41', '61', 'ff', '6100'].map((hex) => Buffer.from(hex, 'hex')),
};

/** All the values that were chosen for a column. */
export function chosenValues(kind: DatabaseKind, { family }: ColumnFact): readonly unknown[] {
  // PostgreSQL has no text with a NUL.
  if (family === 'text') return kind === 'postgres' ? TEXTS : [...TEXTS, 'a\0b'];
  // SQLite has decimals as floats.
  const isChosen = (value: unknown) => family !== 'decimal' || dialectOf(kind) !== 'sqlite' || String(value).length < 15;
  return POOLS[family].filter(isChosen);
}

/** A value as rows hold it; times are texts with microseconds. */
export function storedValue(kind: DatabaseKind, fact: ColumnFact): fc.Arbitrary<unknown> {
  const chosen = fc.constantFrom(...chosenValues(kind, fact));
  if (fact.family !== 'text') return chosen;
  const mixed = fc.string({ unit: fc.constantFrom('a', 'A', 'ä', 'b', ' ', '\t', 'é', '-'), maxLength: 5 });
  return fc.oneof({ weight: 5, arbitrary: chosen }, { weight: 1, arbitrary: mixed });
}

/** A value as conditions hold it; times are dates, as callers write them. */
export function conditionValue(kind: DatabaseKind, fact: ColumnFact): fc.Arbitrary<unknown> {
  const value = storedValue(kind, fact);
  return fact.family === 'time' ? value.map((stored) => new Date(`${String(stored).slice(0, 23).replace(' ', 'T')}Z`)) : value;
}

/** A value or, in every fifth row, NULL. */
export function nullableValue(kind: DatabaseKind, fact: ColumnFact): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 4, arbitrary: storedValue(kind, fact) });
}

/** Primary keys of notes, more than a data set needs. */
export const NOTE_IDS = Array.from({ length: 40 }, (_, index) => {
  const digit = ((index * 7) % 16).toString(16);
  return `${digit.repeat(4)}0000-0000-4000-8000-${String((index * 13) % 40).padStart(12, '0')}`;
});

/** Shard keys, in several cases and scripts. */
export const KEYS = Array.from({ length: 44 }, (_, index) => `${['u', 'U', 'ü', 'k-'][index % 4]}${Math.floor(index / 4)}`);
