import type { QueryRunner } from 'typeorm';
import { comparePositions, integerOf, type Position } from '../../routing';
import type { MovableTable } from './movable-table';
import type { Stretch } from './moved-stretch';
import { select } from './statement';
import { stretchCondition } from './stretch-condition';
import type { TablePosition } from './table-position';

/** A member as a chunk is counted on it: any connection, and the group's tables there. */
export interface CountedMember {
  readonly runner: QueryRunner;
  readonly tables: readonly MovableTable[];
}

/** Where a chunk begins, and how many rows it has. */
export interface ChunkBeginning {
  readonly from: Position;
  readonly rows: number;
}

/**
 * Finds the smallest position, not below `stretch.from`, from which on up to `stretch.upto` there are at most `limit` rows: of all tables
 * and members given, moving or not. When the topmost position alone has more, it is a chunk of its own, and `rows` says how many.
 *
 * One statement for each member reads at most `limit + 1` entries of each table's index, from above; a second one counts a position that
 * is too large. Nothing is locked, so others may write meanwhile: what a chunk really has is known when it is frozen.
 *
 * @param limit - from 1.
 */
export async function chunkBeginning(members: readonly CountedMember[], stretch: Stretch, limit: number): Promise<ChunkBeginning> {
  const counts = await countsFromAbove(members, stretch, limit + 1);
  let rows = 0;
  for (const [position, count] of counts) {
    if (rows + count > limit) return rows > 0 ? { from: after(position), rows } : largePosition(members, position);
    rows += count;
  }
  return { from: stretch.from, rows };
}

async function largePosition(members: readonly CountedMember[], position: Position): Promise<ChunkBeginning> {
  const counts = await countsFromAbove(members, { from: position, upto: after(position) });
  return { from: position, rows: counts.reduce((sum, [, count]) => sum + count, 0) };
}

/** Positions with their rows, the topmost first; with a limit the last of them may have more rows. */
async function countsFromAbove(members: readonly CountedMember[], stretch: Stretch, limit?: number) {
  const counted = await Promise.all(members.map(({ runner, tables }) => countsOn(runner, tables, { stretch, limit })));
  const sums = new Map<Position, number>();
  for (const [position, count] of counted.flat()) sums.set(position, (sums.get(position) ?? 0) + count);
  return [...sums].sort(([a], [b]) => comparePositions(b, a));
}

async function countsOn(
  runner: QueryRunner,
  tables: readonly MovableTable[],
  { stretch, limit }: { readonly stretch: Stretch; readonly limit: number | undefined },
): Promise<readonly (readonly [Position, number])[]> {
  if (tables.length === 0) return [];
  const top = limit === undefined ? '' : ` LIMIT ${limit}`;
  const each = tables.map(({ position, quotedPath, byPosition }, index) => {
    const { column, expression } = position;
    const read = `SELECT ${expression} AS p FROM ${quotedPath}${byPosition} WHERE ${stretchCondition(position, stretch)}`;
    return `SELECT p FROM (${read}${top && ` ORDER BY ${column} DESC${top}`}) t${index}`;
  });
  const all = `SELECT p FROM (${each.join(' UNION ALL ')}) u${top && ` ORDER BY p DESC${top}`}`;
  const found = await select(runner, `SELECT ${asText(tables[0]?.position)} AS place, COUNT(*) AS counted FROM (${all}) c GROUP BY c.p`);
  return found.map(({ place, counted }) => [integerOf(BigInt(String(place))), Number(counted)] as const);
}

/** Beyond 2^53 some drivers would round. */
function asText(position: TablePosition | undefined): string {
  return `CAST(c.p AS ${position?.dialect === 'mysql' ? 'CHAR' : 'TEXT'})`;
}

function after(position: Position): Position {
  return integerOf(BigInt(position) + 1n);
}
