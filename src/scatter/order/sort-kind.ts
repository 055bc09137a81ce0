/** A value of an order term: exact, and of a form that {@link SortKind.compare} understands. Null is the database's NULL. */
export type SortValue = string | number | null;

/** How the values of one column leave the database exactly, compare outside of it, and go back as parameters. */
export interface SortKind {
  /** The expression that is selected for a column's expression. */
  readonly select: (column: string) => string;
  /** Whether {@link select} is the column itself, so that it need not be selected twice. */
  readonly isPlain: boolean;
  /** Makes a sort value of what the driver gives for {@link select}; it never gets null. */
  readonly read: (raw: unknown) => string | number;
  /** Compares as the database does; only for kinds without {@link rank}. */
  readonly compare: (a: string | number, b: string | number) => number;
  /** What conditions compare with {@link bind} for a column's expression. */
  readonly operand: (column: string) => string;
  /** The expression of the type of {@link operand} for a value that is given as the named parameter. */
  readonly bind: (parameter: string, value: string | number) => string;
  /** What is given as that parameter. */
  readonly parameter: (value: string | number) => unknown;
  /** The expression by which the database ranks a text given as the column `s`; only where it alone knows the order. */
  readonly rank?: string;
  /** How many bytes of a sort key the database compares; undefined for all. */
  readonly maxSortBytes?: number;
  /** How many bytes of a sort key a value takes, as far as that is known without the database. */
  readonly sortBytes?: (value: string | number) => number;
  /** Whether the database orders a value otherwise than it compares it, so that its place cannot be told. */
  readonly isUnplaced?: (value: string | number) => boolean;
}

const same = (column: string): string => column;
const asItIs = (value: string | number): unknown => value;

/** Completes a kind: what is not given passes as it is. */
export function sortKind(kind: Partial<SortKind> & Pick<SortKind, 'compare' | 'read'>): SortKind {
  return Object.freeze({ isPlain: kind.select === undefined, select: same, operand: same, bind: same, parameter: asItIs, ...kind });
}

/** For kinds that only the database can compare. */
export function onlyRanked(): never {
  throw new TypeError('Values of this kind are compared by their ranks.');
}
