import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { ShardDataSource } from '../cluster';
import { ShardedDataSource } from '../data-source';
import { ConfigurationError } from '../errors';
import { clearTables } from './clear-tables';
import { adaptDriver } from './columns/adapt-driver';
import { adaptMetadata } from './columns/adapt-metadata';
import { exactSqljs, requireSqljs } from './exact-sqljs';
import { addFaults } from './faults/add-faults';
import { ShardFaults } from './faults/shard-faults';
import { skipLocks } from './skip-locks';
import { StatementRecorder } from './statements/statement-recorder';
import { clusterOptions, type TestClusterOptions } from './test-cluster-options';

/**
 * A cluster in memory for tests: real routing, transactions and queries on SQLite, with faults on request.
 *
 * Entities may be written for MySQL or PostgreSQL; the classes stay usable with any other data source.
 */
export class TestCluster extends ShardedDataSource {
  /** Lets shards fail. */
  readonly faults: ShardFaults;
  /** @internal */
  readonly recorder = new StatementRecorder();
  readonly #options: TestClusterOptions;
  readonly #unknown = new Set<string>();

  /**
   * Opens nothing; `createTestCluster` also initializes.
   *
   * @throws {ConfigurationError} with every fault of the options, or when sql.js is not installed.
   */
  constructor(options: TestClusterOptions) {
    requireSqljs();
    super(clusterOptions(options, exactSqljs));
    this.#options = options;
    this.faults = new ShardFaults(this.shards.map(({ name }) => name));
    adaptDriver(this, columnTypes(options), (column) => this.#unknown.add(unknownType(column)));
  }

  /**
   * Empties all tables of all open shards, keeps the schema, lets generated ids start at 1 again, and ends all faults. It waits for
   * transactions that are open.
   */
  async clear(): Promise<void> {
    this.faults.clear();
    await Promise.all(this.shards.filter(({ isOpen }) => isOpen).map(({ name }) => clearTables(this.shardHandle(name).dataSource)));
  }

  /** Closes every shard, which forgets all rows, and ends all faults. */
  override async destroy(): Promise<void> {
    this.faults.clear();
    await super.destroy();
  }

  /** @internal */
  protected override adaptShard(source: ShardDataSource): void {
    const { shard } = source.context;
    const { driver } = source;
    const afterConnect = driver.afterConnect.bind(driver);
    adaptDriver(source, columnTypes(this.#options), () => undefined);
    // The first that TypeORM does once it has read the entities.
    driver.afterConnect = () => {
      adaptMetadata(source);
      return afterConnect();
    };
    skipLocks(source);
    addFaults(source, this.faults.stateOf(shard), (sql) => {
      if (this.shard(shard).isOpen) this.recorder.sent({ shard, sql });
    });
  }

  protected override async buildMetadatas(): Promise<void> {
    this.#unknown.clear();
    await super.buildMetadatas();
    if (this.#unknown.size > 0) throw new ConfigurationError([...this.#unknown]);
  }
}

function columnTypes({ columnTypes = {} }: TestClusterOptions): NonNullable<TestClusterOptions['columnTypes']> {
  return columnTypes;
}

function unknownType({ entityMetadata, propertyPath, type, isArray }: ColumnMetadata): string {
  const name = `${typeof type === 'string' ? type : String(type)}${isArray ? '[]' : ''}`;
  return (
    `${entityMetadata.name}.${propertyPath} has the type ${name}, and nothing in the SQLite of a test cluster behaves alike. Say with ` +
    `columnTypes: { '${String(type).toLowerCase()}': 'text' } how to keep its values, or test this entity on a database that has the type.`
  );
}
