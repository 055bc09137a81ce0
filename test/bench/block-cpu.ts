import type { Figure } from './figure';
import type { Call, Pair } from './paired-calls';
import { randomNumbers } from './random-numbers';
import { bootstrap, median } from './statistics';

const CALLS_PER_BLOCK = 250;

/**
 * How much more CPU time of this process one call of the subject takes: blocks of calls of either kind in random order, and the
 * median of the differences between the blocks of a pair. It counts user and system time of all threads, garbage collection too.
 */
export async function cpuDifference(what: string, blocks: number, makePair: () => Pair, limit: number): Promise<Figure> {
  const [subject, baseline] = [new Float64Array(blocks), new Float64Array(blocks)];
  const random = randomNumbers(11);
  for (let index = 0; index < blocks; index += 1) {
    const pairs = Array.from({ length: CALLS_PER_BLOCK }, makePair);
    const measureSubject = async () => {
      subject[index] = await cpuPerCall(pairs.map((pair) => pair.subject));
    };
    const subjectFirst = random() < 0.5;
    if (subjectFirst) await measureSubject();
    baseline[index] = await cpuPerCall(pairs.map((pair) => pair.baseline));
    if (!subjectFirst) await measureSubject();
  }
  const difference = ([a, b]: readonly Float64Array[]) => median(a!.map((each, index) => each - b![index]!));
  const interval = bootstrap([subject, baseline], difference);
  const note = `${median(subject).toFixed(1)} against ${median(baseline).toFixed(1)} µs of CPU over ${blocks} pairs of blocks`;
  return { what, value: difference([subject, baseline]), unit: 'µs', interval, limit, note };
}

async function cpuPerCall(calls: readonly Call[]): Promise<number> {
  const begun = process.cpuUsage();
  for (const call of calls) await call();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / calls.length;
}
