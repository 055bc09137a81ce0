import * as fc from 'fast-check';
import type { ObjectLiteral } from 'typeorm';
import type { DatabaseKind } from '../database';
import type { EntityFacts } from './entities';
import { nest } from './paths';

/** One term of an ORDER BY. */
export interface OrderTerm {
  readonly path: string;
  readonly direction: 'ASC' | 'DESC';
  readonly nulls?: 'FIRST' | 'LAST';
}

/**
 * One to three different terms. Terms of one embedded object or relation stand together, as the nested objects of find options say them.
 */
export function orderOf(facts: EntityFacts, kind: DatabaseKind): fc.Arbitrary<readonly OrderTerm[]> {
  const reached = facts.reached.filter(({ of }) => of !== 'to-many').map(({ path }) => path);
  const own = facts.columns.map(({ property }) => property);
  const path = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...own) },
    { weight: 1, arbitrary: fc.constantFrom(...facts.primaryKey) },
    ...(reached.length > 0 ? [{ weight: 4, arbitrary: fc.constantFrom(...reached) }] : []),
  );
  const direction = fc.constantFrom('ASC' as const, 'DESC' as const);
  const term: fc.Arbitrary<OrderTerm> =
    // MariaDB has no NULLS FIRST, on one database either.
    kind === 'mariadb'
      ? fc.record({ path, direction })
      : fc.oneof(
          { weight: 2, arbitrary: fc.record({ path, direction }) },
          { weight: 1, arbitrary: fc.record({ path, direction, nulls: fc.constantFrom('FIRST' as const, 'LAST' as const) }) },
        );
  return fc.uniqueArray(term, { selector: ({ path: of }) => of, minLength: 1, maxLength: 3 }).map(together);
}

/** Puts terms of one first name beside each other. */
function together(terms: readonly OrderTerm[]): readonly OrderTerm[] {
  const depthFirst = (list: readonly OrderTerm[], depth: number): OrderTerm[] => {
    const names = [...new Set(list.map(({ path }) => path.split('.')[depth]))];
    return names.flatMap((name) => {
      const same = list.filter(({ path }) => path.split('.')[depth] === name);
      return same.length > 1 ? depthFirst(same, depth + 1) : same;
    });
  };
  return depthFirst(terms, 0);
}

/** The order that one database has to be told to answer as the cluster does: ties by the primary key in the last term's direction. */
export function withPrimaryKey(terms: readonly OrderTerm[], { primaryKey }: EntityFacts): readonly OrderTerm[] {
  const direction = terms.at(-1)?.direction ?? 'ASC';
  const missing = primaryKey.filter((property) => !terms.some(({ path }) => path === property));
  return [...terms, ...missing.map((path) => ({ path, direction }))];
}

/** TypeORM's `order` of find options. */
export function toFindOrder(terms: readonly OrderTerm[]): ObjectLiteral {
  return nest(terms.map(({ path, direction, nulls }) => [path, nulls ? { direction, nulls: nulls.toLowerCase() } : direction]));
}
