import { DataSource, type DataSourceOptions } from 'typeorm';
import { ShardedDataSource, type ShardedDataSourceOptions } from '../../src';
import { createDatabases, type DatabaseKind, type TestDatabases, type TestShard } from '../database';
import { LOOSE_COLLATION } from './columns';
import { type OracleEntities, oracleEntities } from './entities';
import { type Rows, seed } from './rows';

/** How many shards each cluster has, unless others are asked for. */
export const CLUSTER_SIZES = [1, 2, 3, 8] as const;

/** One database, and clusters of several sizes, with the same entities. */
export interface Contestants {
  readonly entities: OracleEntities;
  readonly oracle: DataSource;
  readonly clusters: readonly ShardedDataSource[];
  /** How many shards each of them has. */
  readonly sizes: readonly number[];
  /** Gives all of them the same rows. */
  seed(rows: Rows): Promise<void>;
  stop(): Promise<void>;
}

/** Opens them on fresh databases. */
export async function openContestants(kind: DatabaseKind, sizes: readonly number[] = CLUSTER_SIZES): Promise<Contestants> {
  const total = 1 + sizes.reduce((sum, size) => sum + size, 0);
  const databases = await createDatabases(kind, total, { mysqlDriver: 'mariadb' });
  if (kind === 'postgres') await createCollations(databases);
  const entities = oracleEntities(kind);
  const shared = { type: databases.type, entities: Object.values(entities.targets), synchronize: true, poolSize: 3, cache: true };
  const [first, ...others] = databases.shards;
  const oracle = new DataSource({ ...shared, ...first?.options } as unknown as DataSourceOptions);
  const clusters = dealt(others, sizes).map((shards) => clusterOf(shards, shared));
  const sources = [oracle, ...clusters];
  const stop = async () => {
    for (const source of sources) if (source.isInitialized) await source.destroy();
    await databases.stop();
  };
  try {
    for (const source of sources) await source.initialize();
  } catch (error) {
    await stop();
    throw error;
  }
  const seedAll = async (rows: Rows) => void (await Promise.all(sources.map((source) => seed(source, entities, rows))));
  return { entities, oracle, clusters, sizes, seed: seedAll, stop };
}

function dealt(shards: readonly TestShard[], sizes: readonly number[]): readonly (readonly TestShard[])[] {
  const rest = [...shards];
  return sizes.map((size) => rest.splice(0, size));
}

function clusterOf(shards: readonly TestShard[], shared: object): ShardedDataSource {
  const named = shards.map(({ options }, index) => ({ name: `s${index + 1}`, ...options }));
  return new ShardedDataSource({ ...shared, shards: named } as unknown as ShardedDataSourceOptions);
}

async function createCollations({ shards }: TestDatabases): Promise<void> {
  for (const { options } of shards) {
    const source = await new DataSource({ type: 'postgres', ...options } as DataSourceOptions).initialize();
    await source.query(`CREATE COLLATION ${LOOSE_COLLATION} (provider = icu, locale = 'und-u-ks-level1', deterministic = false)`);
    await source.destroy();
  }
}
