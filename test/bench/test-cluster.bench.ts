import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Benchmark, Figure } from './figure';
import { median } from './statistics';

const PROCESSES = 20;
const WARM_CALLS = 15;
const MAX_MS = 300;

/** `createTestCluster` with ten entities on three shards: the first call of a process, and later ones. */
export const testCluster: Benchmark = {
  name: 'test-cluster',
  async *run() {
    const first = Array.from({ length: PROCESSES }, () => timesInFreshProcess(1)[0]!);
    const note = `${PROCESSES} fresh processes; modules are loaded before, the WebAssembly of sql.js is not`;
    yield* figures('first call of a process', first, note);
    const [, ...warm] = timesInFreshProcess(1 + WARM_CALLS);
    yield* figures('later call', warm, `${WARM_CALLS} calls of one process after its first`);
  },
};

/** Milliseconds of one call. */
interface Times {
  readonly wall: number;
  readonly cpu: number;
}

function timesInFreshProcess(calls: number): readonly Times[] {
  const script = join(__dirname, 'time-test-cluster.js');
  return JSON.parse(execFileSync(process.execPath, [script, String(calls)], { encoding: 'utf8' }));
}

function* figures(label: string, times: readonly Times[], note: string): Iterable<Figure> {
  const what = `createTestCluster, 10 entities, 3 shards, ${label}`;
  const walls = times.map(({ wall }) => wall);
  yield { what: `${what}: median`, value: median(Float64Array.from(walls)), unit: 'ms', limit: MAX_MS, note };
  yield { what: `${what}: slowest`, value: Math.max(...walls), unit: 'ms', limit: MAX_MS };
  // A busy machine shows in the time, and hardly here.
  yield { what: `${what}: CPU time, median`, value: median(Float64Array.from(times.map(({ cpu }) => cpu))), unit: 'ms' };
}
