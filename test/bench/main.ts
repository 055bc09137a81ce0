import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { type Benchmark, type Effort, type Judged, judge } from './figure';
import { keyToShard } from './key-to-shard.bench';
import { nestCalls } from './nest-calls.bench';
import { openShards } from './open-shards.bench';
import { queries } from './queries.bench';
import { lineOf, preface, summary } from './report';
import { resharding } from './resharding.bench';
import { routedCalls } from './routed-calls.bench';
import { testCluster } from './test-cluster.bench';

const FULL: Effort = { pairs: 8_000, blocks: 80, rows: 200_000, resharding: { moves: 4, movedRows: 400_000, largeRows: 1_000_000 } };
const QUICK: Effort = { pairs: 500, blocks: 10, rows: 40_000, resharding: { moves: 2, movedRows: 20_000, largeRows: 100_000 } };

const BENCHMARKS: readonly Benchmark[] = [
  keyToShard,
  openShards,
  ...(['sqljs', 'better-sqlite3', 'mariadb', 'postgres'] as const).map(routedCalls),
  queries,
  ...(['sqljs', 'mariadb'] as const).map(nestCalls),
  testCluster,
  ...resharding,
];

const USAGE = `npm run bench -- [--only NAME]... [--quick] [--json]
  --only NAME  runs the benchmarks whose names begin so: ${BENCHMARKS.map(({ name }) => name).join(', ')}
  --quick      takes fewer pairs and moves, and fewer rows, for a first look
  --json       prints one JSON document instead of lines
It ends with 1 when a target is missed.`;

interface Arguments {
  readonly benchmarks: readonly Benchmark[];
  readonly effort: Effort;
  readonly json: boolean;
}

/** @returns undefined when the command line asks for nothing that there is. */
function readArguments(): Arguments | undefined {
  const options = { only: { type: 'string', multiple: true }, quick: { type: 'boolean' }, json: { type: 'boolean' } } as const;
  try {
    const { only = [''], quick, json } = parseArgs({ options }).values;
    const isKnown = only.every((prefix) => BENCHMARKS.some(({ name }) => name.startsWith(prefix)));
    const benchmarks = BENCHMARKS.filter(({ name }) => only.some((prefix) => name.startsWith(prefix)));
    return isKnown ? { benchmarks, effort: quick ? QUICK : FULL, json: json === true } : undefined;
  } catch {
    return undefined; // An option that there is not; the usage says which there are.
  }
}

async function main({ benchmarks, effort, json }: Arguments): Promise<void> {
  const print = json ? () => {} : console.log;
  const figures: (Judged & { readonly benchmark: string })[] = [];
  print(preface(effort.pairs));
  for (const { name, run } of benchmarks) {
    print(`# ${name}`);
    for await (const figure of run(effort)) {
      const found = { benchmark: name, ...judge(figure) };
      figures.push(found);
      print(lineOf(found));
    }
  }
  print(`\n${summary(figures)}`);
  if (json) console.log(JSON.stringify({ node: process.version, effort, figures }, undefined, 2));
  if (figures.some(({ verdict }) => verdict === 'not met')) process.exitCode = 1;
}

const given = readArguments();
if (given) {
  main(given).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
} else {
  console.error(USAGE);
  process.exitCode = 2;
}
