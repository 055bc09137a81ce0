import { comparePositions, type Position } from '../../routing';
import type { PlanRow } from '../../topology';
import { countStretches, samplePositions } from './count-rows';
import { newRow } from './plan-rows';
import type { SurveyedShard } from './surveyed-shard';

/** How finely rows are cut. */
export interface CutSizes {
  /** The rows that move at once; no row of a plan has fewer because of a cut. */
  readonly chunkRows: number;
}

/** No row of a plan has more than this part of what its group moves … */
const PER_GROUP = 64;
/** … and a long stretch is cut into at least so many, so that writers of its other parts are not held up with it. */
const PER_STRETCH = 16;
/** How many samples of a table make up one row. */
const SAMPLES = 8;

/**
 * Cuts the rows of a plan at equal counts of stored rows, read from the index in steps. What a row has is known to within an eighth, and
 * writers go on; a cut in a bad place costs time only.
 *
 * @param sources - the shards that own rows of the group now.
 */
export async function cutRows(
  group: string,
  rows: readonly PlanRow[],
  { sources, chunkRows }: CutSizes & { readonly sources: readonly SurveyedShard[] },
): Promise<readonly PlanRow[]> {
  const counts: number[] = [];
  for (const { since, upto } of rows) counts.push(await countIn(group, sources, { from: since, upto }));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cut: PlanRow[] = [];
  for (const [index, row] of rows.entries()) {
    const count = counts[index] ?? 0;
    const size = Math.max(chunkRows, Math.min(Math.ceil(total / PER_GROUP), Math.ceil(count / PER_STRETCH)));
    cut.push(...(count <= size ? [row] : piecesOf(row, await samplesOf(group, row, { sources, step: Math.ceil(size / SAMPLES) }), size)));
  }
  return cut;
}

interface Sample {
  readonly position: Position;
  /** How many rows it stands for: those after the one before it. */
  readonly rows: number;
}

/** Cuts at the sample that makes a piece large enough; what is left over at the end stays with the last piece. */
function piecesOf({ since, upto }: PlanRow, samples: readonly Sample[], size: number): readonly PlanRow[] {
  const begins: Position[] = [since];
  let rows = 0;
  let left = samples.reduce((sum, sample) => sum + sample.rows, 0);
  for (const sample of samples) {
    rows += sample.rows;
    left -= sample.rows;
    const isInside = sample.position > (begins.at(-1) as Position) && sample.position < upto;
    if (rows < size || left < size || !isInside) continue;
    begins.push(sample.position);
    rows = 0;
  }
  return begins.map((begin, index) => newRow(begin, begins[index + 1] ?? upto));
}

async function samplesOf(
  group: string,
  { since, upto }: PlanRow,
  { sources, step }: { readonly sources: readonly SurveyedShard[]; readonly step: number },
): Promise<readonly Sample[]> {
  const stretch = { from: since, upto, rules: [] };
  const samples: Sample[] = [];
  for (const { runner, tables } of sources) {
    for (const table of tables.get(group) ?? []) {
      const positions = await samplePositions(runner, table, { stretch, step });
      samples.push(...positions.map((position) => ({ position, rows: step })));
    }
  }
  return samples.sort((a, b) => comparePositions(a.position, b.position));
}

async function countIn(
  group: string,
  sources: readonly SurveyedShard[],
  stretch: { readonly from: Position; readonly upto: Position },
): Promise<number> {
  let rows = 0;
  for (const { runner, tables } of sources) {
    for (const table of tables.get(group) ?? []) rows += await countStretches(runner, table, [{ ...stretch, rules: [] }]);
  }
  return rows;
}
