import { compareDecimals } from './decimals';
import { compareBytes } from './texts';

/**
 * A value of SQLite, whose columns hold values of any class: a number for REAL, else a letter for the class and the text of the value:
 * `i` for INTEGER in decimal, `t` for TEXT, `b` for BLOB in hexadecimal.
 */
export type SqliteValue = string | number;

/** The collations that SQLite has of its own. */
export type SqliteCollation = 'BINARY' | 'NOCASE' | 'RTRIM';

/**
 * Gives the comparison that SQLite makes: numbers before texts before blobs; integers and reals by their exact values.
 *
 * @see https://www.sqlite.org/datatype3.html#comparison_expressions
 */
export function sqliteComparison(collation: SqliteCollation): (a: SqliteValue, b: SqliteValue) => number {
  const fold = FOLDS[collation];
  return (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : Number(a > b);
    const [classA, classB] = [classOf(a), classOf(b)];
    if (classA !== classB) return classA - classB;
    if (classA === NUMBER) return compareNumbers(a, b);
    const [textA, textB] = [String(a).slice(1), String(b).slice(1)];
    return classA === TEXT ? compareBytes(fold(textA), fold(textB)) : compareBytes(textA, textB);
  };
}

const NUMBER = 0;
const TEXT = 1;
const BLOB = 2;

const FOLDS: Readonly<Record<SqliteCollation, (text: string) => string>> = {
  BINARY: (text) => text,
  // Only the letters of ASCII, as SQLite does.
  NOCASE: (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  RTRIM: (text) => text.replace(/ +$/, ''),
};

function classOf(value: SqliteValue): number {
  if (typeof value === 'number' || value.startsWith('i')) return NUMBER;
  return value.startsWith('t') ? TEXT : BLOB;
}

function compareNumbers(a: SqliteValue, b: SqliteValue): number {
  if (typeof a === 'string' && typeof b === 'string') return compareDecimals(a.slice(1), b.slice(1));
  return typeof a === 'string' ? compareIntegerToReal(a.slice(1), b as number) : -compareIntegerToReal((b as string).slice(1), a as number);
}

function compareIntegerToReal(integer: string, real: number): number {
  if (!Number.isFinite(real)) return real > 0 ? -1 : 1;
  const [exact, whole] = [BigInt(integer), BigInt(Math.trunc(real))];
  if (exact !== whole) return exact < whole ? -1 : 1;
  const fraction = real - Math.trunc(real);
  return fraction === 0 ? 0 : fraction > 0 ? -1 : 1;
}
