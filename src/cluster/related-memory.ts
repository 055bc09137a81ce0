import type { ObjectLiteral } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';

/**
 * Remembers which related rows were loaded over relations that leave their group, so that a save can tell a list that was changed
 * from one that was only loaded. Nothing is kept alive by it but the rows while their entity lives.
 */
export class RelatedMemory {
  readonly #loaded = new WeakMap<ObjectLiteral, Map<string, readonly ObjectLiteral[]>>();

  remember(relation: RelationMetadata, entity: ObjectLiteral, rows: readonly ObjectLiteral[]): void {
    const known = this.#loaded.get(entity) ?? new Map<string, readonly ObjectLiteral[]>();
    this.#loaded.set(entity, known.set(relation.propertyPath, rows));
  }

  /** Whether an entity shows the rows that were loaded for it, in any order; with nothing loaded, no rows. */
  isUnchanged(relation: RelationMetadata, entity: ObjectLiteral, shown: readonly ObjectLiteral[]): boolean {
    const loaded = this.#loaded.get(entity)?.get(relation.propertyPath);
    if (!loaded) return shown.length === 0;
    return shown.length === loaded.length && shown.every((row) => loaded.includes(row));
  }
}
