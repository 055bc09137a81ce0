import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { fenceDialect } from './fence-dialect';
import { type OwnershipKey, positionText } from './ownership-row';

/**
 * The gate of a row on PostgreSQL: an advisory lock that guards take shared before they lock the row in share mode, and marks take
 * exclusively before they update it. Share holders of a row overtake an update that waits for it, without bound; the lock manager's own
 * queue does not let them. The gate alone is not safe above READ COMMITTED, where a snapshot may be older than it.
 *
 * The two numbers of the lock: one for the shard and its group, one for the row. That two rows may share a gate costs time only.
 */
export function gateClass({ shard, group }: Pick<OwnershipKey, 'shard' | 'group'>): number {
  return createHash('md5').update(`typeorm-sharding fence\n${shard}\n${group}`).digest().readInt32BE(0);
}

/** The second number of the gate, computed by the database from where the row begins. */
export function gateNumber(since: string): string {
  return `(${since} % 2147483647)::int`;
}

/** Takes a row's gate exclusively, in the transaction of a mark: who holds it is waited for, and who comes later waits. */
export async function closeGate(
  run: (sql: string, parameters: readonly unknown[]) => Promise<unknown>,
  source: DataSource,
  key: OwnershipKey,
): Promise<void> {
  if (fenceDialect(source) !== 'postgres') return;
  await run(`SELECT pg_advisory_xact_lock($1, ${gateNumber('CAST($2 AS numeric)')})`, [gateClass(key), positionText(key.since)]);
}

/** Takes the gates of rows of one shard and group exclusively, those that can be had at once. @returns their rows; all where there are no gates. */
export async function tryGates(
  run: (sql: string, parameters: readonly unknown[]) => Promise<readonly Readonly<Record<string, string>>[]>,
  source: DataSource,
  keys: readonly OwnershipKey[],
): Promise<readonly OwnershipKey[]> {
  const [first] = keys;
  if (!first || fenceDialect(source) !== 'postgres') return keys;
  const places = keys.map(({ since }) => positionText(since));
  const sql = `SELECT place, pg_try_advisory_xact_lock($1, ${gateNumber('CAST(place AS numeric)')})::text AS had FROM unnest($2::text[]) place`;
  const found = await run(sql, [gateClass(first), places]);
  const had = new Set(found.flatMap(({ place, had: answer }) => (answer === 'true' ? [place] : [])));
  return keys.filter((_, index) => had.has(places[index]!));
}
