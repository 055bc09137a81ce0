import { createHash } from 'node:crypto';
import { BaseLayout } from 'typeorm-sharding';

/** The blocks on a user's home page, as in MysqlConsistenceHashRing, whose experiment this repeats. */
export class UserHomeLayout extends BaseLayout<number[]> {
  static override TABLE_NAME = 'user_home_layout';
}

/** The keys of the experiment: md5("0") … md5("9999"), in hexadecimal. */
export const keys: readonly string[] = Array.from({ length: 10_000 }, (_, index) => createHash('md5').update(String(index)).digest('hex'));

/** The layout that belongs to the key with this index; no two are alike. */
export function layoutOf(index: number): number[] {
  return [index, index + 1, index + 2, index + 3];
}

/** One run of the experiment: the databases, and how many rows each of them must get. */
export interface Experiment {
  readonly title: string;
  /** Names of the databases; with `partitions`, the members of the ring are `database:partition`. */
  readonly databases: readonly string[];
  readonly partitions?: readonly number[];
  /** Rows by member of the ring, as published. */
  readonly published: Readonly<Record<string, number>>;
}

const [first, second, third] = ['localhost:3306', '10.10.140.27:3306', '10.10.116.88:3306'] as const;

/** Every database that the experiments name. */
export const databaseNames: readonly string[] = [first, second, third];

/** The three runs, in order; the third is compared with the first. */
export const experiments = {
  twoShards: { title: 'Two shards', databases: [first, second], published: { [first]: 5283, [second]: 4717 } },
  fourPartitions: {
    title: 'Two shards with two partitions each',
    databases: [first, second],
    partitions: [1, 2],
    published: { [`${first}:1`]: 2492, [`${first}:2`]: 2610, [`${second}:1`]: 2362, [`${second}:2`]: 2536 },
  },
  threeShards: {
    title: 'A third shard joins',
    databases: [first, second, third],
    published: { [first]: 3322, [second]: 3199, [third]: 3479 },
  },
} as const satisfies Readonly<Record<string, Experiment>>;
