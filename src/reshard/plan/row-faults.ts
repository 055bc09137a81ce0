import type { Position } from '../../routing';
import type { GroupMove } from '../../topology';
import { countAt, countStretches, crowdedPositions } from './count-rows';
import { sum } from './estimates';
import { foreignStretches, movingPairs, ownedByOthers } from './moving-pairs';
import type { SurveyedShard } from './surveyed-shard';

/** Rows of what moves that are on a shard that does not own them: they would be taken for copies, and cleared. */
export async function misplacedFaults(group: string, move: GroupMove, surveyed: readonly SurveyedShard[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { shard, runner, tables } of surveyed) {
    const isLeaving = move.from.shards.includes(shard.name) && !move.to.shards.includes(shard.name);
    // A shard that leaves has to be empty, not only where others' rows move.
    const stretches = isLeaving ? ownedByOthers(move, shard.name) : foreignStretches(group, move, shard.name);
    for (const table of tables.get(group) ?? []) {
      const rows = await countStretches(runner, table, stretches);
      if (rows > 0) {
        faults.push(
          `Shard ${shard.name}, table ${table.path}: ${rows} row(s) are there that other shards own, and would be overwritten. ` +
            'Find them with cluster.reshard.audit() and move or delete them.',
        );
      }
    }
  }
  return faults;
}

/** Positions that have too many rows to be frozen at once. */
export async function crowdedFaults(
  group: string,
  move: GroupMove,
  { surveyed, maxFrozenRows }: { readonly surveyed: readonly SurveyedShard[]; readonly maxFrozenRows: number },
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { from, stretches } of movingPairs(group, move)) {
    const source = surveyed.find(({ shard }) => shard.name === from);
    const tables = source?.tables.get(group) ?? [];
    if (!source || tables.length === 0) continue;
    // A position with too many rows in all has more than an even part of them in one table.
    const limit = Math.floor(maxFrozenRows / tables.length);
    const found = new Set<Position>();
    for (const table of tables) for (const [place] of await crowdedPositions(source.runner, table, { stretches, limit })) found.add(place);
    for (const place of found) {
      const counts: { readonly table: string; readonly rows: number }[] = [];
      for (const table of tables) counts.push({ table: table.table, rows: await countAt(source.runner, table, place) });
      const rows = sum(counts, (each) => each.rows);
      const [largest] = [...counts].sort((a, b) => b.rows - a.rows);
      if (rows > maxFrozenRows) faults.push(crowded({ shard: from, rows, table: largest?.table ?? '', maxFrozenRows }));
    }
  }
  return faults;
}

function crowded({
  shard,
  rows,
  table,
  maxFrozenRows,
}: Readonly<Record<'shard' | 'table', string> & Record<'rows' | 'maxFrozenRows', number>>): string {
  return (
    `Shard ${shard}: one key has ${rows} rows, most of them in table ${table}, and at most ${maxFrozenRows} can be frozen at once. ` +
    'Start the plan with a larger chunkRows if writes of that key may wait for so long, or leave its shard as it is.'
  );
}
