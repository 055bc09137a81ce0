import { createHash } from 'node:crypto';
import type { GuardedTable } from './guarded-table';
import { splitStaying } from './staying-slots';

/** Every guard's name begins so; by it they are found again. */
export const GUARD_PREFIX = '_shard_guard_';

/** One trigger that guards a table, as it is installed. */
export interface Guard {
  /**
   * Holds a hash of the text without the slots that stay, so that a guard of another version has another name and both can stand while one
   * takes the other's place, and one made for another plan has the same and cannot be made beside it.
   */
  readonly name: string;
  readonly table: GuardedTable;
  /** What the database keeps word by word, and what is compared by `isAsStrict`. */
  readonly body: string;
  /** Statements that install it, each safe to repeat until the last has succeeded. */
  readonly create: readonly string[];
}

/** Names a guard after its table, its text and what it stands before. */
export function guardName({ path, table }: GuardedTable, body: string, event: string): string {
  const hash = createHash('md5')
    .update(`${path}\n${event}\n${splitStaying(body).text}`)
    .digest('hex')
    .slice(0, 10);
  // 64 characters are the longest name that MySQL takes, 63 bytes that PostgreSQL takes.
  return `${GUARD_PREFIX}${table.replaceAll(/[^A-Za-z0-9_]/g, '').slice(0, 24)}_${hash}${event === '' ? '' : `_${event}`}`;
}
