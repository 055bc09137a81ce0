import type { QueryRunner } from 'typeorm';
import { type CopiedRows, copiedRows, type TableRows, tableRows } from './copied-rows';
import type { MovableTable } from './movable-table';
import type { MovedStretch } from './moved-stretch';
import { readRows } from './read-rows';
import { movedCondition } from './stretch-condition';

/**
 * Reads what moves with share locks, in the open transaction of the runner: until that ends nobody else changes these rows, and what is
 * read is the newest that was committed. One statement for each table.
 */
export function readStretch(runner: QueryRunner, tables: readonly MovableTable[], stretch: MovedStretch): Promise<CopiedRows> {
  return read(runner, tables, { ...stretch, isLocking: true });
}

/**
 * Reads what the open transaction of the runner has written, beside what was committed: as {@link readStretch}, and locks nothing. For
 * stretches that nobody else may write; a locking read would wait for whoever writes next to them.
 */
export function readWritten(runner: QueryRunner, tables: readonly MovableTable[], stretch: MovedStretch): Promise<CopiedRows> {
  return read(runner, tables, { ...stretch, isLocking: false });
}

async function read(
  runner: QueryRunner,
  tables: readonly MovableTable[],
  { isLocking, ...stretch }: MovedStretch & { readonly isLocking: boolean },
): Promise<CopiedRows> {
  const found: TableRows[] = [];
  for (const table of tables) {
    const condition = movedCondition(table.position, stretch);
    const rest = `${table.byPosition} WHERE ${condition}`;
    found.push(condition === undefined ? tableRows(table, []) : await readRows(runner, table, { rest, isLocking }));
  }
  return copiedRows(found);
}
