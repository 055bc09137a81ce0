import type {
  EntityMetadata,
  EntitySubscriberInterface,
  InsertEvent,
  LoadEvent,
  ObjectLiteral,
  QueryRunner,
  RemoveEvent,
  TransactionCommitEvent,
  TransactionRollbackEvent,
  UpdateEvent,
} from 'typeorm';
import { ShardKeyChangedError, WrongShardError } from '../errors';
import type { EntitySharding, ShardedEntity } from '../metadata';
import { canonicalText } from '../query';
import type { KeyMemory } from './key-memory';

/** What the subscriber needs to know of its shard and cluster. */
interface SubscriberContext {
  readonly shard: string;
  readonly memory: KeyMemory;
  readonly ownerOf: (sharding: ShardedEntity, values: readonly unknown[]) => string;
}

/**
 * What the library does while a shard's data source persists and loads entities: sets the UUIDs by which entities were routed,
 * remembers the key of what was stored or loaded, and refuses an update that changes a key or an insert that belongs elsewhere.
 */
export class ShardSubscriber implements EntitySubscriberInterface {
  readonly #keys: ReadonlyMap<EntityMetadata, KeyReader>;
  /** The entities inserted by each open transaction. */
  readonly #inserted = new WeakMap<QueryRunner, ObjectLiteral[]>();

  constructor(
    shardings: ReadonlyMap<EntityMetadata, EntitySharding>,
    readonly context: SubscriberContext,
  ) {
    const sharded = [...shardings].flatMap(([metadata, sharding]) => (sharding.kind === 'sharded' ? [[metadata, sharding] as const] : []));
    this.#keys = new Map(sharded.map(([metadata, sharding]) => [metadata, new KeyReader(metadata, sharding)]));
  }

  afterLoad(entity: ObjectLiteral, event?: LoadEvent<ObjectLiteral>): void {
    if (event) this.#remember(entity, event.metadata);
  }

  beforeInsert(event: InsertEvent<ObjectLiteral>): void {
    if (!event.entity) return;
    this.#setReserved(event.entity, event.metadata);
    this.#refuseForeign(event.entity, event.metadata);
  }

  afterInsert(event: InsertEvent<ObjectLiteral>): void {
    if (!event.entity) return;
    this.#remember(event.entity, event.metadata);
    const inserted = this.#inserted.get(event.queryRunner) ?? [];
    this.#inserted.set(event.queryRunner, inserted);
    inserted.push(event.entity);
  }

  afterTransactionCommit(event: TransactionCommitEvent): void {
    if (event.queryRunner.isTransactionActive) return;
    this.#inserted.delete(event.queryRunner);
  }

  /** What was rolled back is not stored, so it may be saved with another key. */
  afterTransactionRollback(event: TransactionRollbackEvent): void {
    for (const entity of this.#inserted.get(event.queryRunner) ?? []) this.context.memory.forgetStored(entity);
    this.#inserted.delete(event.queryRunner);
  }

  afterUpdate(event: UpdateEvent<ObjectLiteral>): void {
    if (event.entity) this.#remember(event.entity, event.metadata);
  }

  beforeUpdate(event: UpdateEvent<ObjectLiteral>): void {
    const reader = this.#keys.get(event.metadata);
    if (!reader || !event.entity || !event.databaseEntity) return;
    const stored = reader.text(event.databaseEntity);
    const wanted = reader.text(event.entity) ?? this.context.memory.expectedKey(event.entity);
    if (stored !== undefined && wanted !== undefined && stored !== wanted)
      throw new ShardKeyChangedError(event.metadata.name, reader.properties);
  }

  afterRemove(event: RemoveEvent<ObjectLiteral>): void {
    if (event.entity) this.context.memory.forgetStored(event.entity);
  }

  #setReserved(entity: ObjectLiteral, metadata: EntityMetadata): void {
    const reserved = this.context.memory.reservedFor(entity);
    if (!reserved) return;
    for (const column of metadata.columns) {
      const uuid = reserved.get(column.propertyPath);
      if (uuid !== undefined && column.getEntityValue(entity) === undefined) column.setEntityValue(entity, uuid);
    }
  }

  /** The last guard of the invariant that a row stands only where its key belongs, for whoever uses the shard's own data source. */
  #refuseForeign(entity: ObjectLiteral, metadata: EntityMetadata): void {
    const reader = this.#keys.get(metadata);
    const values = reader?.values(entity);
    if (!reader || !values) return;
    const owner = this.context.ownerOf(reader.sharding, values);
    if (owner !== this.context.shard) throw new WrongShardError(metadata.name, owner, this.context.shard);
  }

  #remember(entity: ObjectLiteral, metadata: EntityMetadata): void {
    const text = this.#keys.get(metadata)?.text(entity);
    if (text !== undefined) this.context.memory.rememberStored(entity, text);
  }
}

/** Reads key texts from a shard's entities. */
class KeyReader {
  readonly properties: readonly string[];
  readonly #columns;

  constructor(
    metadata: EntityMetadata,
    readonly sharding: ShardedEntity,
  ) {
    this.properties = sharding.key.map(({ path }) => path);
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
}
