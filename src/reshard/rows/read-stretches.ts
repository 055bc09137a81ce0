import type { QueryRunner } from 'typeorm';
import { type CopiedRows, copiedRows, type TableRows, tableRows } from './copied-rows';
import type { MovableTable } from './movable-table';
import type { MovedStretch } from './moved-stretch';
import { readRows } from './read-rows';
import { anyMovedCondition } from './stretch-condition';

/**
 * Reads what moves of some stretches with share locks, in the open transaction of the runner: until that ends nobody else changes these
 * rows, and what is read is the newest that was committed. One statement for each table.
 */
export function readStretches(
  runner: QueryRunner,
  tables: readonly MovableTable[],
  stretches: readonly MovedStretch[],
): Promise<CopiedRows> {
  return read(runner, tables, { stretches, isLocking: true });
}

/**
 * Reads what the open transaction of the runner has written, beside what was committed: as {@link readStretches}, and locks nothing. For
 * stretches that nobody else may write; a locking read would wait for whoever writes next to them.
 */
export function readWritten(runner: QueryRunner, tables: readonly MovableTable[], stretches: readonly MovedStretch[]): Promise<CopiedRows> {
  return read(runner, tables, { stretches, isLocking: false });
}

async function read(
  runner: QueryRunner,
  tables: readonly MovableTable[],
  { stretches, isLocking }: { readonly stretches: readonly MovedStretch[]; readonly isLocking: boolean },
): Promise<CopiedRows> {
  const found: TableRows[] = [];
  for (const table of tables) {
    const condition = anyMovedCondition(table.position, stretches);
    const rest = `${table.byPosition} WHERE ${condition}`;
    found.push(condition === undefined ? tableRows(table, []) : await readRows(runner, table, { rest, isLocking }));
  }
  return copiedRows(found);
}
