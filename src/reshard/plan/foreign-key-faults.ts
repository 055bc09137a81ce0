import type { ForeignKeyShape } from './shapes';

/** The tables of a shard that foreign keys are judged by. */
export interface JudgedTables {
  readonly shard: string;
  /** Names of the tables of a group that moves. */
  readonly moved: ReadonlySet<string>;
  /** Names of the tables that every shard has whole. */
  readonly reference: ReadonlySet<string>;
}

/**
 * What foreign keys forbid. Between tables of the group all is well, cascades too: a cascade fires no trigger on MySQL and MariaDB, but it
 * changes children at the position of their parent, whose own write the guard has admitted. A key from the group into a reference table
 * finds the same row on every shard. Any other key would hold up the move, or be torn by it.
 */
export function foreignKeyFaults(keys: readonly ForeignKeyShape[], { shard, moved, reference }: JudgedTables): readonly string[] {
  return keys.flatMap(({ table, references }) => {
    if (moved.has(table) && !moved.has(references) && !reference.has(references)) {
      return [`Shard ${shard}: a foreign key leads from table ${table} to ${references}, whose rows do not move with it. Drop the key.`];
    }
    if (!moved.has(table) && moved.has(references)) {
      return [`Shard ${shard}: a foreign key leads from table ${table}, which is not of the group, to ${references}. Drop the key.`];
    }
    return [];
  });
}
