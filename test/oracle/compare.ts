import type { Answer } from './run-call';

/** How rows are held against rows: one by one, in any order, or as one of them. */
export type Mode = 'ordered' | 'set' | 'member';

/** Floats are added in another order on several shards. */
const TOLERANCE = 1e-9;
const SINGLE_TOLERANCE = 1e-5;
const APPROXIMATE = /^approximate_/;
const SINGLE = /^approximate_single_/;

/** Says what differs between two answers; undefined when nothing does. */
export function differenceOf(expected: Answer, actual: Answer, mode: Mode): string | undefined {
  if (expected.kind === 'error' || actual.kind === 'error') return differenceOfErrors(expected, actual);
  if (expected.kind === 'written' && actual.kind === 'written') return differenceOfWrites(expected, actual);
  if (expected.kind !== 'value' || actual.kind !== 'value') return `expected ${expected.kind}, got ${actual.kind}`;
  if (mode === 'member') return differenceOfMember(expected.value, actual.value);
  return differenceOfValues(expected.value, actual.value, mode);
}

function differenceOfErrors(expected: Answer, actual: Answer): string | undefined {
  const name = (answer: Answer) => (answer.kind === 'error' ? causeOf(answer.error).name : 'an answer');
  const [wanted, got] = [name(expected), name(actual)];
  if (wanted === got && expected.kind === 'error') return undefined;
  const error = [expected, actual].map((answer) => (answer.kind === 'error' ? String(answer.error) : '')).join('');
  return `expected ${wanted}, got ${got}: ${error}`;
}

/** The database's own error where a cluster wrapped it; all shards that failed met the same fault. */
function causeOf(error: Error): Error {
  const { failed } = error as { failed?: readonly { readonly error: unknown }[] };
  const [first] = failed ?? [];
  if (first?.error instanceof Error) return causeOf(first.error);
  return error.name === 'ShardError' && error.cause instanceof Error ? error.cause : error;
}

type Written = Extract<Answer, { kind: 'written' }>;

function differenceOfWrites(expected: Written, actual: Written): string | undefined {
  // Some drivers do not say how many rows a statement changed.
  const isTold = typeof expected.affected === 'number';
  if (isTold && expected.affected !== actual.affected) return `affected: expected ${expected.affected}, got ${actual.affected}`;
  for (const [table, rows] of Object.entries(expected.tables as Record<string, unknown>)) {
    const difference = differenceOfValues(rows, (actual.tables as Record<string, unknown>)[table], 'set');
    if (difference) return `rows of ${table} after the write: ${difference}`;
  }
  return undefined;
}

function differenceOfMember(expected: unknown, actual: unknown): string | undefined {
  const rows = (expected as readonly unknown[]).map(canonical);
  const row = canonical(actual);
  return rows.includes(row) ? undefined : `got ${row}, which is none of\n  ${rows.join('\n  ')}`;
}

function differenceOfValues(expected: unknown, actual: unknown, mode: 'ordered' | 'set'): string | undefined {
  if (isPageAndCount(expected) && isPageAndCount(actual)) {
    if (expected[1] !== actual[1]) return `count: expected ${expected[1]}, got ${actual[1]}`;
    return differenceOfValues(expected[0], actual[0], mode);
  }
  if (Array.isArray(expected) && Array.isArray(actual)) return differenceOfRows(expected, actual, mode);
  return areClose(expected, actual) ? undefined : `expected ${canonical(expected)}, got ${canonical(actual)}`;
}

function isPageAndCount(value: unknown): value is readonly [readonly unknown[], number] {
  return Array.isArray(value) && value.length === 2 && Array.isArray(value[0]) && typeof value[1] === 'number';
}

function differenceOfRows(expected: readonly unknown[], actual: readonly unknown[], mode: 'ordered' | 'set'): string | undefined {
  const inOrder = (rows: readonly unknown[]) =>
    mode === 'ordered' ? rows : rows.toSorted((a, b) => compareTexts(exactPart(a), exactPart(b)));
  const [wanted, got] = [inOrder(expected), inOrder(actual)];
  const isEqual = wanted.length === got.length && wanted.every((row, index) => areClose(row, got[index]));
  if (isEqual) return undefined;
  const lines = (rows: readonly unknown[]) => rows.map((row) => `\n    ${canonical(row)}`).join('');
  return `expected ${wanted.length} rows${mode === 'ordered' ? ' in order' : ''}${lines(wanted)}\n  got ${got.length}${lines(got)}`;
}

/** Whether two values are equal; numbers that were computed with floats, as nearly as that can be. */
function areClose(expected: unknown, actual: unknown): boolean {
  if (expected instanceof Approximate) return isNear(expected.value, Number(actual), expected.tolerance);
  if (canonical(expected) === canonical(actual)) return true;
  if (exactPart(expected) !== exactPart(actual) || typeof expected !== 'object' || expected === null) return false;
  return Object.entries(expected).every(
    ([name, value]) =>
      !APPROXIMATE.test(name) ||
      bothNear(value, (actual as Record<string, unknown>)[name], SINGLE.test(name) ? SINGLE_TOLERANCE : TOLERANCE),
  );
}

function bothNear(expected: unknown, actual: unknown, tolerance: number): boolean {
  if (expected === null || actual === null) return expected === actual;
  return typeof expected === typeof actual && isNear(Number(expected), Number(actual), tolerance);
}

function isNear(expected: number, actual: number, tolerance: number): boolean {
  return Math.abs(expected - actual) <= tolerance * Math.max(Math.abs(expected), Math.abs(actual), 1);
}

/** A number that was computed with floats. */
export class Approximate {
  constructor(
    readonly value: number,
    readonly tolerance = TOLERANCE,
  ) {}
}

/** How near a computed number has to be. PostgreSQL adds up single floats in single precision. */
export function toleranceOf(family: string): number {
  return family === 'single' ? SINGLE_TOLERANCE : TOLERANCE;
}

/** A value as text that is the same for equal values; the order of properties, and of what relations loaded, does not count. */
export function canonical(value: unknown): string {
  return textOf(value, () => true);
}

function exactPart(row: unknown): string {
  return textOf(row, (name) => !APPROXIMATE.test(name));
}

function textOf(value: unknown, counts: (name: string) => boolean): string {
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString('hex')})`;
  if (Array.isArray(value))
    return `[${value
      .map((each) => textOf(each, counts))
      .toSorted(compareTexts)
      .join(', ')}]`;
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'undefined');
  const members = Object.entries(value).filter(([name, member]) => member !== undefined && counts(name));
  const parts = members.map(([name, member]) => `${name}: ${textOf(masked(name, member), counts)}`);
  const type = Object.getPrototypeOf(value)?.constructor?.name ?? 'Object';
  return `${type === 'Object' ? '' : type} { ${parts.toSorted(compareTexts).join(', ')} }`.trimStart();
}

/** When a row was deleted is the clock of the one or the other database; that it was, is the answer. */
function masked(name: string, value: unknown): unknown {
  return /deletedAt$/.test(name) && value !== null ? 'some time' : value;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
