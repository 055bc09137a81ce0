import type { ObjectLiteral } from 'typeorm';
import { StoredKeyStamp } from './stored-key-stamp';

/**
 * Remembers, for entity objects that came from or went to a database, the canonical text of the shard key they had there; and for
 * entities about to be inserted, the UUIDs chosen for them. Nothing is kept alive by it.
 */
export class KeyMemory {
  /** For objects that take no stamp: frozen ones, and those that another cluster has stamped. */
  readonly #stored = new WeakMap<ObjectLiteral, string>();
  readonly #expected = new WeakMap<ObjectLiteral, string>();
  readonly #reserved = new WeakMap<ObjectLiteral, ReadonlyMap<string, string>>();

  /** The key text with which an entity is stored, when that is known. */
  storedKey(entity: ObjectLiteral): string | undefined {
    return StoredKeyStamp.read(entity, this) ?? this.#stored.get(entity);
  }

  rememberStored(entity: ObjectLiteral, text: string): void {
    if (!StoredKeyStamp.write(entity, this, text)) this.#stored.set(entity, text);
  }

  forgetStored(entity: ObjectLiteral): void {
    if (!StoredKeyStamp.write(entity, this, undefined)) this.#stored.delete(entity);
  }

  /** The key text that an entity must be stored with, because it was last saved together with one that has it. */
  expectedKey(entity: ObjectLiteral): string | undefined {
    return this.#expected.get(entity);
  }

  expectKey(entity: ObjectLiteral, text: string): void {
    this.#expected.set(entity, text);
  }

  /** The UUIDs chosen for an entity's generated key columns, by property path. */
  reservedFor(entity: ObjectLiteral): ReadonlyMap<string, string> | undefined {
    return this.#reserved.get(entity);
  }

  reserve(entity: ObjectLiteral, uuids: ReadonlyMap<string, string>): void {
    this.#reserved.set(entity, uuids);
  }
}
