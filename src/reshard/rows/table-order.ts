import type { EntityMetadata } from 'typeorm';
import { ConfigurationError } from '../../errors';

/** A foreign key of a table to itself, by the names of its columns. */
export interface SelfReference {
  readonly columns: readonly string[];
  readonly referenced: readonly string[];
  /** Whether a row that is referred to cannot be deleted in the same statement as those that refer to it. */
  readonly isRestricted: boolean;
}

/** The tables that a table refers to with foreign keys, itself left out, by path. */
export function referencedTables(metadatas: readonly EntityMetadata[]): readonly string[] {
  const own = metadatas[0]?.tablePath;
  return foreignKeysOf(metadatas)
    .map(({ referencedEntityMetadata }) => referencedEntityMetadata.tablePath)
    .filter((path) => path !== own);
}

/** The foreign keys of a table to itself. @param metadatas - the entities that the table keeps. */
export function selfReferences(metadatas: readonly EntityMetadata[]): readonly SelfReference[] {
  const own = metadatas[0]?.tablePath;
  return foreignKeysOf(metadatas)
    .filter(({ referencedEntityMetadata }) => referencedEntityMetadata.tablePath === own)
    .map(({ columnNames, referencedColumnNames, onDelete }) => ({
      columns: [...columnNames],
      referenced: [...referencedColumnNames],
      isRestricted: onDelete === 'RESTRICT',
    }));
}

/** Children of single-table inheritance have the foreign keys of their parent's table too. */
function foreignKeysOf(metadatas: readonly EntityMetadata[]) {
  return metadatas.flatMap(({ foreignKeys }) => foreignKeys);
}

/**
 * Puts tables that are referred to before those that refer to them, else in order of their paths.
 *
 * @param references - by path, the paths that it refers to; those that are not keys are left out of account.
 * @throws {ConfigurationError} when tables refer to each other in a circle, since then none can be copied first.
 */
export function parentsFirst(references: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const ordered = new Set<string>();
  const waiting = new Set([...references.keys()].sort());
  while (waiting.size > 0) {
    const isFree = (path: string) => (references.get(path) ?? []).every((parent) => !waiting.has(parent));
    const next = [...waiting].find(isFree);
    if (next === undefined) throw circle([...waiting]);
    waiting.delete(next);
    ordered.add(next);
  }
  return [...ordered];
}

function circle(paths: readonly string[]): ConfigurationError {
  return new ConfigurationError([
    `The foreign keys of ${paths.join(', ')} lead round in a circle, so that no order of copying satisfies them. Drop one of them for ` +
      'the time of the move, or relate the tables in one direction only.',
  ]);
}
