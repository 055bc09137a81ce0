import type { EntityMetadata, EntitySubscriberInterface, InsertEvent, LoadEvent, ObjectLiteral, RemoveEvent, UpdateEvent } from 'typeorm';
import { ShardKeyChangedError } from '../errors';
import type { EntitySharding, ShardedEntity } from '../metadata';
import { canonicalText } from '../query';
import type { KeyMemory } from './key-memory';

/**
 * What the library does while a shard's data source persists and loads entities: sets the UUIDs by which entities were routed,
 * remembers the key of what was stored or loaded, and refuses an update that changes a key.
 */
export class ShardSubscriber implements EntitySubscriberInterface {
  readonly #keys: ReadonlyMap<EntityMetadata, KeyReader>;

  constructor(
    shardings: ReadonlyMap<EntityMetadata, EntitySharding>,
    readonly memory: KeyMemory,
  ) {
    const sharded = [...shardings].flatMap(([metadata, sharding]) => (sharding.kind === 'sharded' ? [[metadata, sharding] as const] : []));
    this.#keys = new Map(sharded.map(([metadata, sharding]) => [metadata, new KeyReader(metadata, sharding)]));
  }

  afterLoad(entity: ObjectLiteral, event?: LoadEvent<ObjectLiteral>): void {
    if (event) this.#remember(entity, event.metadata);
  }

  beforeInsert(event: InsertEvent<ObjectLiteral>): void {
    const reserved = event.entity && this.memory.reservedFor(event.entity);
    if (!reserved) return;
    for (const column of event.metadata.columns) {
      const uuid = reserved.get(column.propertyPath);
      if (uuid !== undefined && column.getEntityValue(event.entity) === undefined) column.setEntityValue(event.entity, uuid);
    }
  }

  afterInsert(event: InsertEvent<ObjectLiteral>): void {
    if (event.entity) this.#remember(event.entity, event.metadata);
  }

  beforeUpdate(event: UpdateEvent<ObjectLiteral>): void {
    const reader = this.#keys.get(event.metadata);
    if (!reader || !event.entity || !event.databaseEntity) return;
    const [stored, wanted] = [reader.text(event.databaseEntity), reader.text(event.entity)];
    if (stored !== undefined && wanted !== undefined && stored !== wanted)
      throw new ShardKeyChangedError(event.metadata.name, reader.properties);
  }

  afterRemove(event: RemoveEvent<ObjectLiteral>): void {
    if (event.entity) this.memory.forgetStored(event.entity);
  }

  #remember(entity: ObjectLiteral, metadata: EntityMetadata): void {
    const text = this.#keys.get(metadata)?.text(entity);
    if (text !== undefined) this.memory.rememberStored(entity, text);
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

  /** The canonical text, or undefined when the entity was loaded without its key. */
  text(entity: ObjectLiteral): string | undefined {
    const values = this.#columns.map((column) => column.getEntityValue(entity, true));
    return values.some((value) => value === undefined || value === null) ? undefined : canonicalText(this.sharding, values);
  }
}
