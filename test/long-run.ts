import type { DatabaseKind } from './database';

/**
 * Whether this run takes its time, as `bash .ci/run --long` does by `TEST_LONG=1`: more cases of each property, clusters of more sizes,
 * every case on every database.
 */
export const isLongRun = process.env.TEST_LONG === '1';

/** How many cases a property tries, other ones in each run. */
export function casesOf({ short, long }: { readonly short: number; readonly long: number }): number {
  return isLongRun ? long : short;
}

/** Whether a run tries a case on a database: a short run tries each on one of them, in turn. */
export function isTriedOn(kind: DatabaseKind, place: number): boolean {
  const turn = kind === 'mariadb' ? 1 : kind === 'postgres' ? 2 : 0;
  return isLongRun || place % 3 === turn;
}

/** The databases on which a run tries any of so many cases. */
export function triedOn(kinds: readonly DatabaseKind[], cases: number): readonly DatabaseKind[] {
  const places = Array.from({ length: cases }, (_, place) => place);
  return kinds.filter((kind) => places.some((place) => isTriedOn(kind, place)));
}

/** Jest's `it` where the case is tried, as {@link isTriedOn} says. */
export function caseOn(kind: DatabaseKind, place: number): (name: string, work: () => Promise<void>) => void {
  return isTriedOn(kind, place) ? (name, work) => it(name, work) : () => undefined;
}
