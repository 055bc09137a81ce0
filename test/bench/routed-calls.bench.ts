import type { Repository } from 'typeorm';
import type { BenchKind } from './bench-databases';
import { cpuDifference } from './block-cpu';
import { Contestants } from './contestants';
import type { Benchmark, Effort, Figure } from './figure';
import { type Pair, ratioOfMeans, ratioWithinPairs, timePairs } from './paired-calls';
import { User } from './user';

const MAX_RATIO = 1.1;
const MAX_CPU_MICROSECONDS = 15;

/** A repository call on the row of a key. */
interface Operation {
  readonly name: string;
  readonly keys: 'existing' | 'fresh';
  prepare(repository: Repository<User>, guid: string): () => Promise<unknown>;
}

const FIND: Operation = {
  name: 'findOneBy',
  keys: 'existing',
  prepare: (repository, guid) => () => repository.findOneBy({ guid }),
};

const INSERT: Operation = {
  name: 'insert',
  keys: 'fresh',
  prepare: (repository, guid) => {
    const row = { guid, name: 'somebody' };
    return () => repository.insert(row);
  },
};

const SAVE: Operation = {
  name: 'save',
  keys: 'fresh',
  prepare: (repository, guid) => {
    const user = Object.assign(new User(), { guid, name: 'somebody' });
    return () => repository.save(user);
  },
};

/** What calls through the cluster cost against the same calls on the shard's plain repository, and against ordinary TypeORM. */
export function routedCalls(kind: BenchKind): Benchmark {
  return {
    name: `calls-${kind}`,
    async *run(effort) {
      const contestants = await Contestants.open(kind);
      try {
        for (const operation of [FIND, INSERT]) yield* judged(contestants, operation, effort, kind);
        yield* unjudged(contestants, effort, kind);
      } finally {
        await contestants.close();
      }
    },
  };
}

async function* judged(contestants: Contestants, operation: Operation, effort: Effort, kind: BenchKind): AsyncIterable<Figure> {
  const label = `${operation.name}, ${kind}`;
  const againstShard = pairMaker(contestants, operation, (guid) => contestants.plainFor(guid));
  const times = await timePairs(effort.pairs, againstShard);
  yield ratioWithinPairs(`${label}: cluster to shard's repository`, times, MAX_RATIO);
  yield ratioOfMeans(`${label}: cluster to shard's repository, trimmed means`, times);
  yield await cpuDifference(`${label}: CPU that the cluster adds to a call`, effort.blocks, againstShard, MAX_CPU_MICROSECONDS);
  yield await againstOrdinary(contestants, operation, effort, kind);
}

async function* unjudged(contestants: Contestants, effort: Effort, kind: BenchKind): AsyncIterable<Figure> {
  const againstShard = pairMaker(contestants, SAVE, (guid) => contestants.plainFor(guid));
  yield ratioWithinPairs(`save, ${kind}: cluster to shard's repository`, await timePairs(effort.pairs, againstShard));
  yield await againstOrdinary(contestants, SAVE, effort, kind);
  const counts = { subject: () => contestants.routed.count(), baseline: () => contestants.ordinary.count() };
  yield ratioWithinPairs(`count of all shards, ${kind}: cluster to ordinary TypeORM`, await timePairs(effort.pairs / 4, () => counts, 500));
}

async function againstOrdinary(contestants: Contestants, operation: Operation, { pairs }: Effort, kind: BenchKind): Promise<Figure> {
  const times = await timePairs(
    pairs,
    pairMaker(contestants, operation, () => contestants.ordinary),
  );
  return ratioWithinPairs(`${operation.name}, ${kind}: cluster to ordinary TypeORM`, times);
}

function pairMaker(contestants: Contestants, operation: Operation, baselineFor: (guid: string) => Repository<User>): () => Pair {
  return () => {
    const existing = contestants.existingGuid();
    const [first, second] = operation.keys === 'fresh' ? contestants.freshGuids() : [existing, existing];
    return { subject: operation.prepare(contestants.routed, first), baseline: operation.prepare(baselineFor(second), second) };
  };
}
