import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ShardedDataSource, type ShardedDataSourceOptions } from 'typeorm-sharding';
import { createFolder } from './bench-databases';
import { collectedHeap } from './collected-heap';
import type { Benchmark, Figure } from './figure';
import { tenEntities } from './ten-entities';

const SHARDS = 64;
const MAX_OPEN_SECONDS = 3;
const MAX_OPEN_KB = 1_000;
const MAX_UNTOUCHED_KB = 50;

type EmbeddedType = 'sqljs' | 'better-sqlite3';

/** Where the shards' databases are. */
interface Place {
  readonly type: EmbeddedType;
  /** undefined: in memory */
  readonly folder?: string;
}

/** Opening 64 embedded shards with ten entities: time and heap, at once and lazily. */
export const openShards: Benchmark = {
  name: 'open-shards',
  async *run() {
    for (const type of ['sqljs', 'better-sqlite3'] as const) {
      // The first cluster of a process loads modules and compiles statements for all.
      await (await makeCluster({ type }, 2, false).initialize()).destroy();
      yield* measured(`${type} in memory`, { type });
      yield* inFolder(`${type} in files`, type);
    }
  },
};

async function* inFolder(label: string, type: EmbeddedType): AsyncIterable<Figure> {
  const folder = await createFolder();
  try {
    yield* measured(label, { type, folder: folder.path });
  } finally {
    await folder.remove();
  }
}

async function* measured(label: string, place: Place): AsyncIterable<Figure> {
  yield* untouched(label, place);
  yield* opened(`${SHARDS} shards, ${label}, first start`, place);
  if (place.folder !== undefined) yield* opened(`${SHARDS} shards, ${label}, next start`, place);
}

async function* untouched(label: string, place: Place): AsyncIterable<Figure> {
  const before = await collectedHeap();
  const cluster = await makeCluster(place, SHARDS, true).initialize();
  const grown = (await collectedHeap()) - before;
  const open = cluster.shards.filter(({ isOpen }) => isOpen).length;
  const files = place.folder === undefined ? 0 : (await readdir(place.folder)).length;
  await cluster.destroy();
  const note = `with a share of the cluster's own, over ${SHARDS} shards`;
  yield { what: `an untouched shard, ${label}: heap`, value: grown / SHARDS / 1_000, unit: 'kB', limit: MAX_UNTOUCHED_KB, note };
  yield { what: `${SHARDS} untouched shards, ${label}: opened`, value: Math.max(open, files), unit: 'connections', limit: 0 };
}

async function* opened(label: string, place: Place): AsyncIterable<Figure> {
  const before = await collectedHeap();
  const begun = performance.now();
  const cluster = await makeCluster(place, SHARDS, false).initialize();
  const seconds = (performance.now() - begun) / 1_000;
  const grown = (await collectedHeap()) - before;
  await cluster.destroy();
  yield { what: `${label}: time`, value: seconds, unit: 's', limit: MAX_OPEN_SECONDS };
  yield { what: `${label}: heap of a shard`, value: grown / SHARDS / 1_000, unit: 'kB', limit: MAX_OPEN_KB };
}

function makeCluster({ type, folder }: Place, count: number, lazy: boolean): ShardedDataSource {
  const shards = Array.from({ length: count }, (_, index) => ({ name: `s${index}`, ...connection(type, folder, `s${index}.sqlite`) }));
  return new ShardedDataSource({ type, entities: tenEntities(), synchronize: true, lazy, shards } as ShardedDataSourceOptions);
}

function connection(type: EmbeddedType, folder: string | undefined, file: string): object {
  if (folder === undefined) return type === 'sqljs' ? {} : { database: ':memory:' };
  const path = join(folder, file);
  return type === 'sqljs' ? { location: path, autoSave: true } : { database: path };
}
