import type { QueryRunner } from 'typeorm';
import type { CountedMember } from './chunk-beginning';
import type { MovableTable } from './movable-table';
import type { Stretch } from './moved-stretch';
import { select } from './statement';
import { stretchCondition } from './stretch-condition';

/**
 * Counts the rows of each stretch, of all tables and members given, moving or not. One statement for each member reads at most `limit`
 * entries of each table's index for each stretch, so that from there on a count says only that there are that many or more. Nothing is
 * locked.
 *
 * @returns counts in the order of the stretches.
 */
export async function stretchCounts(
  members: readonly CountedMember[],
  stretches: readonly Stretch[],
  limit: number,
): Promise<readonly number[]> {
  const sums = stretches.map(() => 0);
  if (stretches.length === 0) return sums;
  const counted = await Promise.all(members.map(({ runner, tables }) => countsOn(runner, tables, { stretches, limit })));
  for (const [index, count] of counted.flat()) sums[index] = (sums[index] ?? 0) + count;
  return sums;
}

async function countsOn(
  runner: QueryRunner,
  tables: readonly MovableTable[],
  { stretches, limit }: { readonly stretches: readonly Stretch[]; readonly limit: number },
): Promise<readonly (readonly [index: number, count: number])[]> {
  if (tables.length === 0) return [];
  const each = stretches.flatMap((stretch, index) =>
    tables.map(({ position, quotedPath, byPosition }) => {
      const read = `SELECT 1 FROM ${quotedPath}${byPosition} WHERE ${stretchCondition(position, stretch)} LIMIT ${limit}`;
      return `SELECT ${index} AS stretch, COUNT(*) AS counted FROM (${read}) c`;
    }),
  );
  const found = await select(runner, each.join(' UNION ALL '));
  return found.map(({ stretch, counted }) => [Number(stretch), Number(counted)] as const);
}
