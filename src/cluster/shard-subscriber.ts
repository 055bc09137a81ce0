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
import { WrongShardError } from '../errors';
import type { EntitySharding, ShardedEntity } from '../metadata';
import type { KeyMemory } from './key-memory';
import { KeyReader } from './key-reader';

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

  beforeUpdate(event: UpdateEvent<ObjectLiteral>): void | Promise<void> {
    const reader = this.#keys.get(event.metadata);
    if (!reader || !event.entity || !event.databaseEntity) return undefined;
    const shown = reader.text(event.entity);
    const wanted = shown ?? this.context.memory.expectedKey(event.entity);
    const stored = reader.text(event.databaseEntity);
    if (stored !== undefined || shown !== undefined || wanted === undefined) return reader.refuseChange(stored, wanted);
    // TypeORM loaded the row without its key, because the key is a relation that the entity does not show.
    return reader.storedText(event).then((text) => reader.refuseChange(text, wanted));
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
