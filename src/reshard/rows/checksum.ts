import { createHash } from 'node:crypto';
import type { CopiedRows } from './copied-rows';

/**
 * A checksum of rows: equal for the same rows of the same tables, in whatever order they were read and on whichever member. SHA-256, in
 * hexadecimal.
 */
export function checksumOf({ tables }: CopiedRows): string {
  const hash = createHash('sha256');
  const sorted = [...tables].filter(({ rows }) => rows.length > 0).sort((a, b) => (a.table < b.table ? -1 : 1));
  for (const { table, columns, rows } of sorted) {
    hash.update(JSON.stringify([table, columns.map(({ name, encoding }) => [name, encoding]), rows.length]));
    for (const text of rows.map((row) => JSON.stringify(row)).sort()) hash.update(text);
  }
  return hash.digest('hex');
}
