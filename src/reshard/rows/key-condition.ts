import type { QueryRunner } from 'typeorm';
import { fenceDialect } from '../../fence';
import type { CopiedRow } from './copied-rows';
import type { CopiedTable } from './movable-table';

/** Rows of a table by its primary key: those after one row, up to another one; without either, from or to the end. */
export interface KeyRange {
  readonly after: CopiedRow | undefined;
  readonly upto: CopiedRow | undefined;
}

/** Conditions over the primary key of a table, with the parameters that they need on PostgreSQL. */
export class KeyCondition {
  readonly parameters: (string | null)[] = [];
  readonly #columns: readonly { readonly name: string; readonly place: number; readonly write: (text: string) => string }[];
  readonly #isPostgres: boolean;

  constructor({ dataSource }: QueryRunner, table: CopiedTable) {
    this.#isPostgres = fenceDialect(dataSource) === 'postgres';
    this.#columns = table.key.map((column) => ({
      name: `${table.quotedPath}.${dataSource.driver.escape(column.name)}`,
      place: table.columns.indexOf(column),
      write: column.write,
    }));
  }

  /** What follows ORDER BY so that a {@link range} is read in its order. */
  get order(): string {
    return this.#columns.map(({ name }) => name).join(', ');
  }

  /** SQL of a condition that is always true where the range has no ends. */
  range({ after, upto }: KeyRange): string {
    const ends = [after && this.#beyond(after, '>'), upto && `(${this.#beyond(upto, '<')} OR ${this.#is(upto)})`];
    return ends.filter((each) => each !== undefined).join(' AND ') || '1 = 1';
  }

  /** SQL of a condition that one of the rows satisfies. */
  anyOf(rows: readonly CopiedRow[]): string {
    return rows.map((row) => `(${this.#is(row)})`).join(' OR ');
  }

  /** Written out, since MySQL asks no index with a comparison of whole rows; the first term bounds what it reads. */
  #beyond(row: CopiedRow, than: '<' | '>'): string {
    const terms = this.#columns.map((_, index) => {
      const same = this.#columns.slice(0, index).map((_, place) => this.#compared(row, place, '='));
      return [...same, this.#compared(row, index, than)].join(' AND ');
    });
    return `(${this.#compared(row, 0, `${than}=`)} AND (${terms.map((term) => `(${term})`).join(' OR ')}))`;
  }

  #is(row: CopiedRow): string {
    return this.#columns.map((_, index) => this.#compared(row, index, '=')).join(' AND ');
  }

  #compared(row: CopiedRow, index: number, operator: string): string {
    const column = this.#columns[index];
    if (!column) throw new TypeError('A primary key has no such column.');
    const text = String(row[column.place]);
    return `${column.name} ${operator} ${column.write(this.#isPostgres ? `$${this.parameters.push(text)}::text` : text)}`;
  }
}
