import * as fc from 'fast-check';
import { type DatabaseKind, databaseKinds } from '../database';
import { type Batch, batchesOf } from './batches';
import { type Contestants, openContestants } from './contestants';
import { deckOf } from './deck';
import { promisedFeatures } from './features';
import { oracleRun } from './oracle-run';
import { type Failing, shrink } from './shrink';
import { Tally } from './tally';
import { printed, tryBatch, tryCalls } from './trial';

/** More batches than the calls need, since refused calls and those that fail alike do not count; those that prove unneeded are left. */
const RESERVE = 1.3;
const SHRINK_MS = 20_000;
const MOST_EXPLAINED = 6;
/** Enough to see what is wrong. */
const MOST_DIFFERENT = 300;

/**
 * The property that a cluster of any size answers like one big database, over generated rows and calls on one kind of database.
 *
 * A failure prints the seed of the run, and the rows and calls, shrunk, as they can become a case of `regressions.ts`.
 */
export function describeOneDatabase(kind: DatabaseKind): void {
  if (!databaseKinds.includes(kind)) {
    it(`is not compared on ${kind} in a run narrowed by TEST_DATABASES`, () => expect(databaseKinds).not.toContain(kind));
    return;
  }
  describe(`A cluster of 1, 2, 3 and 8 shards (${kind})`, () => {
    let contestants: Contestants;

    beforeAll(async () => {
      contestants = await openContestants(kind);
    }, 120_000);
    afterAll(() => contestants?.stop());

    const { calls, seed, families, timeoutMs } = oracleRun();

    it(
      `answers at least ${calls} generated calls like one database`,
      async () => {
        const tally = new Tally();
        const { entities } = contestants;
        const numRuns = Math.ceil((calls / deckOf(kind, entities, families).length) * RESERVE);
        const batches = fc.sample(batchesOf(kind, entities, families), { numRuns, seed });
        const found = await differencesIn(contestants, batches, { tally, calls });
        process.stderr.write(`${tally.report(`${kind}, seed ${seed}`)}\n`);
        if (found.length > 0) throw new Error((await explained(contestants, found)).join('\n\n'));

        expect(tally.compared).toBeGreaterThanOrEqual(calls);
        expect(tally.isRefusedTooOften).toBe(false);
        expect(tally.rareFeatures(promisedFeatures(kind, families))).toEqual([]);
      },
      timeoutMs + 60_000,
    );
  });
}

/** The first call of each operation that is answered differently. */
async function differencesIn(
  contestants: Contestants,
  batches: readonly Batch[],
  { tally, calls }: { readonly tally: Tally; readonly calls: number },
): Promise<readonly Failing[]> {
  const found = new Map<string, Failing>();
  for (const batch of batches) {
    for await (const failing of tryBatch(contestants, batch, tally)) {
      const operation = failing.batch.calls.at(-1)?.operation ?? '';
      if (!found.has(operation)) found.set(operation, failing);
    }
    if (tally.compared >= calls || tally.different > MOST_DIFFERENT) break;
  }
  return [...found.values()];
}

async function explained(contestants: Contestants, found: readonly Failing[]): Promise<readonly string[]> {
  const trial = async (batch: Batch) => (await tryCalls(contestants, batch, new Tally()))?.difference;
  const texts: string[] = [];
  for (const failing of found.slice(0, MOST_EXPLAINED)) {
    const { batch, difference } = await shrink(failing, trial, SHRINK_MS);
    const calls = batch.calls.slice(0, -1).map((call) => `${printed(call)}\n`);
    texts.push(`On ${printed(batch.rows)}\nis answered differently${calls.length > 0 ? ' after' : ''}\n${calls.join('')}${difference}`);
  }
  return texts;
}
