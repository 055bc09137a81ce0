import { inspect } from 'node:util';
import type { Batch } from './batches';
import type { Call } from './calls';
import type { Contestants } from './contestants';
import { compareAnswers, expectationOf, ofOneDatabase } from './expect-answer';
import { isAnsweredByOneShard } from './route';
import { runCall } from './run-call';
import type { Failing } from './shrink';
import { refusalOf, type Tally } from './tally';

/** What became of a call: what differs, with the call itself, or whether a cluster refused it. */
export interface Outcome {
  readonly difference?: string;
  readonly refused: boolean;
}

/** Makes one call on the one database and on every cluster. */
async function tryCall(contestants: Contestants, call: Call, tally: Tally): Promise<Outcome> {
  const { oracle, clusters, sizes, entities } = contestants;
  const expectation = await expectationOf(oracle, call, entities);
  const differences: string[] = [];
  let refusal: string | undefined;
  for (const [index, cluster] of clusters.entries()) {
    const isTotal = await isAnsweredByOneShard(cluster, call, entities);
    const actual = await runCall(cluster, isTotal ? ofOneDatabase(call, entities.facts[call.entity]) : call, entities);
    const reason = refusalOf(actual);
    refusal ??= reason;
    const difference = reason === undefined ? compareAnswers(expectation, actual) : undefined;
    if (difference) differences.push(`on ${sizes[index]} shards: ${difference}`);
  }
  const refused = refusal !== undefined;
  if (differences.length > 0) {
    tally.addDifferent(call);
    return { difference: `${printed(call)}\n${differences[0]}`, refused };
  }
  if (refusal === undefined) tally.addCompared(call, expectation.answer);
  else tally.addRefused(call, refusal);
  return { refused };
}

/**
 * Makes the calls one after another.
 *
 * @yields Each that is answered differently, with those before it that were made on the same rows.
 */
export async function* tryBatch(contestants: Contestants, { rows, calls }: Batch, tally: Tally): AsyncGenerator<Failing, void, undefined> {
  await contestants.seed(rows);
  let made: Call[] = [];
  for (const call of calls) {
    made.push(call);
    const { difference, refused } = await tryCall(contestants, call, tally);
    if (difference) yield { batch: { rows, calls: [...made] }, difference };
    // The one database has written what a cluster refused, or wrote differently.
    if ((refused || difference) && isWrite(call)) {
      await contestants.seed(rows);
      made = [];
    }
  }
}

/** @returns The first call of a batch that is answered differently, with those before it. */
export async function tryCalls(contestants: Contestants, batch: Batch, tally: Tally): Promise<Failing | undefined> {
  for await (const failing of tryBatch(contestants, batch, tally)) return failing;
  return undefined;
}

function isWrite({ family, operation }: Call): boolean {
  return family === 'write' || operation.startsWith('execute');
}

/** Rows or a call as they can be pasted into a regression case. */
export function printed(value: unknown): string {
  return inspect(value, { depth: 12, breakLength: 130, maxArrayLength: null }).replaceAll('[Object: null prototype] ', '');
}
