import type { CopiedRow } from './copied-rows';
import type { CopiedTable } from './movable-table';

/** Rows of a table that refers to itself, in an order that MySQL takes, which looks at every row by itself. */
export interface OrderedRows {
  /** Each after those that it refers to. */
  readonly ordered: readonly CopiedRow[];
  /** Those that refer to each other in a circle, and those behind them: no order is right for them. */
  readonly circular: readonly CopiedRow[];
}

/** Orders rows by the table's references to itself; rows that refer to none of the others keep their order. */
export function rowsInOrder({ columns, selfReferences }: CopiedTable, rows: readonly CopiedRow[]): OrderedRows {
  const places = (names: readonly string[]) => names.map((name) => columns.findIndex((column) => column.name === name));
  const links = selfReferences.map((each) => parentsBy(rows, { own: places(each.columns), referenced: places(each.referenced) }));
  const ordered = new Set<CopiedRow>();
  let waiting = rows;
  while (waiting.length > 0) {
    const isFree = (row: CopiedRow) =>
      links.every((parentOf) => {
        const parent = parentOf(row);
        return parent === undefined || parent === row || ordered.has(parent);
      });
    // One pass takes a whole chain where parents come first already.
    const rest = waiting.filter((row) => !isFree(row) || !ordered.add(row));
    if (rest.length === waiting.length) break;
    waiting = rest;
  }
  return { ordered: [...ordered], circular: waiting };
}

type Places = { readonly [Side in 'own' | 'referenced']: readonly number[] };

function parentsBy(rows: readonly CopiedRow[], { own, referenced }: Places): (row: CopiedRow) => CopiedRow | undefined {
  const texts = (row: CopiedRow, places: readonly number[]) => places.map((place) => row[place]);
  const byKey = new Map(rows.map((row) => [JSON.stringify(texts(row, referenced)), row] as const));
  // A reference with a NULL in it refers to nothing.
  return (row) => (texts(row, own).includes(null) ? undefined : byKey.get(JSON.stringify(texts(row, own))));
}
