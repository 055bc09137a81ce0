import type { GroupMove } from '../../topology';
import type { PlannedBalance, PlannedGroup, PlannedMove } from '../reshard-plan';
import { countStretches } from './count-rows';
import { movingPairs } from './moving-pairs';
import type { TableShape } from './shapes';
import type { SurveyedShard } from './surveyed-shard';

/** A table's size on one shard. */
export interface TableSize {
  readonly rows: number;
  readonly bytes: number;
}

/** Up to so many rows, by the database's own statistics, a table is counted. */
const COUNTED_ROWS = 5_000_000;
/** For a database that keeps no statistics, about what a short row takes with its index. */
const ROW_BYTES = 100;

/** How large a table is: counted when that is cheap, by the database's statistics when it is not. */
export async function tableSize({ runner }: SurveyedShard, quotedPath: string, { statistics }: TableShape): Promise<TableSize> {
  if (statistics && statistics.rows > COUNTED_ROWS) return statistics;
  const [found] = await runner.query(`SELECT COUNT(*) AS n FROM ${quotedPath}`);
  const rows = Number(found?.n ?? 0);
  return { rows, bytes: statistics?.bytes || rows * ROW_BYTES };
}

/** The shards of a plan, and how large each of their tables is, by its path. */
export interface Sized {
  readonly surveyed: readonly SurveyedShard[];
  readonly sizeOf: (shard: string, path: string) => TableSize;
}

/**
 * Estimates what moves between which shards and what each holds before and after. On a hashed line large tables count by the share of the
 * line that moves; all else is counted by the index.
 */
export async function estimateGroup(group: string, move: GroupMove, sized: Sized): Promise<PlannedGroup> {
  const moves: PlannedMove[] = [];
  for (const pair of movingPairs(group, move)) {
    const source = sized.surveyed.find(({ shard }) => shard.name === pair.from);
    if (!source) continue;
    let [rows, bytes] = [0, 0];
    for (const table of source.tables.get(group) ?? []) {
      const size = sized.sizeOf(pair.from, table.path);
      const isLarge = size.rows > COUNTED_ROWS && move.from.placement === 'hashRing';
      const counted = isLarge ? size.rows * shareOf(move, pair) : await countStretches(source.runner, table, pair.stretches);
      rows += Math.round(counted);
      bytes += size.rows === 0 ? 0 : Math.round((size.bytes * counted) / size.rows);
    }
    moves.push({ from: pair.from, to: pair.to, rows, bytes });
  }
  const tables = sized.surveyed[0]?.tables.get(group)?.map(({ table }) => table) ?? [];
  return { group, tables, moves, balance: sized.surveyed.map((shard) => balanceOf(group, { shard, moves, sized })) };
}

/** Of what a shard owns of a hashed line, the part that another one gets. */
function shareOf({ from }: GroupMove, { from: source, stretches }: ReturnType<typeof movingPairs>[number]): number {
  const moving = stretches.reduce((sum, { from: since, upto }) => sum + Number(upto) - Number(since), 0);
  return moving / (from.share(source) * 2 ** 48);
}

function balanceOf(
  group: string,
  { shard, moves, sized }: { readonly shard: SurveyedShard; readonly moves: readonly PlannedMove[]; readonly sized: Sized },
): PlannedBalance {
  const { name } = shard.shard;
  const sizes = (shard.tables.get(group) ?? []).map(({ path }) => sized.sizeOf(name, path));
  const [rowsBefore, bytesBefore] = [sum(sizes, ({ rows }) => rows), sum(sizes, ({ bytes }) => bytes)];
  const [given, taken] = [moves.filter(({ from }) => from === name), moves.filter(({ to }) => to === name)];
  return {
    shard: name,
    rowsBefore,
    rowsAfter: rowsBefore + sum(taken, ({ rows }) => rows) - sum(given, ({ rows }) => rows),
    bytesBefore,
    bytesAfter: Math.max(0, bytesBefore + sum(taken, ({ bytes }) => bytes) - sum(given, ({ bytes }) => bytes)),
  };
}

/** Adds up one number of each. */
export function sum<T>(list: readonly T[], number: (each: T) => number): number {
  return list.reduce((total, each) => total + number(each), 0);
}
