import type { EntityMetadata, ObjectLiteral, UpdateEvent } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { ShardKeyChangedError } from '../errors';
import type { ShardedEntity } from '../metadata';
import { canonicalText } from '../query';

/** Reads the keys of a shard's entities and rows. */
export class KeyReader {
  readonly #columns: readonly ColumnMetadata[];

  constructor(
    readonly metadata: EntityMetadata,
    readonly sharding: ShardedEntity,
  ) {
    this.#columns = sharding.key.map((key) => key.of(metadata));
  }

  /** The values of the key, or undefined when the entity is without one of them. */
  values(entity: ObjectLiteral): readonly unknown[] | undefined {
    const values = this.#columns.map((column) => column.getEntityValue(entity, true));
    return values.some((value) => value === undefined || value === null) ? undefined : values;
  }

  /**
   * The canonical text of the key, or undefined when the entity is without it, or has it only inexactly: SQLite's drivers give
   * integers beyond 2^53 as numbers.
   */
  text(entity: ObjectLiteral): string | undefined {
    const values = this.values(entity);
    const isInexact = values?.some((value) => Number.isInteger(value) && !Number.isSafeInteger(value));
    return values && !isInexact ? canonicalText(this.sharding, values) : undefined;
  }

  /** Asks the database for the key of the row that is about to be updated. */
  async storedText({ databaseEntity, metadata, manager }: UpdateEvent<ObjectLiteral>): Promise<string | undefined> {
    const { driver } = manager.dataSource;
    const columns = this.#columns.map(({ databaseName }) => `${driver.escape('stored')}.${driver.escape(databaseName)}`);
    const query = manager.createQueryBuilder(metadata.target, 'stored').withDeleted().select([]);
    for (const [index, column] of columns.entries()) query.addSelect(column, `part${index}`);
    const row = await query.whereInIds(metadata.getEntityIdMap(databaseEntity)).getRawOne<Record<string, unknown>>();
    const values = row && columns.map((_, index) => row[`part${index}`]);
    return values && canonicalText(this.sharding, values);
  }

  /** @throws {ShardKeyChangedError} when both texts are known and differ. */
  refuseChange(stored: string | undefined, wanted: string | undefined): void {
    if (stored === undefined || wanted === undefined || stored === wanted) return;
    const properties = this.sharding.key.map(({ path }) => path);
    throw new ShardKeyChangedError(this.metadata.name, properties);
  }
}
