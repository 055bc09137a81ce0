import { compareReferenceTable, type RowDifference, referenceTables } from '../rows';
import type { OpenedShard } from '../with-sources';
import type { VerifiedReference } from './verify-report';

/** How often tables are compared again that differ: a write on its way from shard to shard makes them differ for a while. */
const ATTEMPTS = 4;
/** How long a write may be on its way, between two comparisons. */
const PAUSE_MS = 300;

/** Settings of {@link referenceDifferences}. */
export interface ReferenceVerifyOptions {
  readonly primaryKeys?: boolean;
  readonly signal?: AbortSignal;
}

/** Compares every reference table on the shards with that on the first of them. @returns those that differ. */
export async function referenceDifferences(
  [first, ...others]: readonly OpenedShard[],
  { primaryKeys = false, signal }: ReferenceVerifyOptions,
): Promise<readonly VerifiedReference[]> {
  const differing: VerifiedReference[] = [];
  if (!first) return differing;
  for (const own of referenceTables(first.source)) {
    for (const other of others) {
      const table = referenceTables(other.source).find((each) => each.table === own.table);
      if (!table) continue;
      const sides = [
        { runner: first.runner, table: own },
        { runner: runnerBeside(first, other), table },
      ] as const;
      const rows = await lasting(() => compareReferenceTable(...sides, signal && { signal }), signal);
      if (rows.length > 0) differing.push(countOf(other.shard.name, { table: own.table, rows, primaryKeys }));
    }
  }
  return differing;
}

/** Partitions of one embedded database share its only transaction. */
function runnerBeside(first: OpenedShard, other: OpenedShard) {
  return first.source.context.lock === other.source.context.lock ? first.runner : other.runner;
}

/** Differences that are still there after a while. */
async function lasting(
  compare: () => Promise<readonly RowDifference[]>,
  signal: AbortSignal | undefined,
): Promise<readonly RowDifference[]> {
  let found = await compare();
  for (let attempt = 1; attempt < ATTEMPTS && found.length > 0; attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    signal?.throwIfAborted();
    const again = await compare();
    const known = new Set(found.map((each) => JSON.stringify(each)));
    found = again.filter((each) => known.has(JSON.stringify(each)));
  }
  return found;
}

function countOf(
  shard: string,
  { table, rows, primaryKeys }: { readonly table: string; readonly rows: readonly RowDifference[]; readonly primaryKeys: boolean },
): VerifiedReference {
  const count = (kind: RowDifference['kind']) => rows.filter((row) => row.kind === kind).length;
  const counts = { missing: count('missing'), surplus: count('surplus'), different: count('different') };
  return { shard, table, ...counts, ...(primaryKeys && { rows }) };
}
