import type { DataSource } from 'typeorm';
import { type Identity, readIdentity, type TableIdentity, updateIdentity } from './identity-table';

/** A placement of one table that a database shall accept. */
export interface AcceptedPlacement {
  /** Name of the table, without suffix. */
  readonly table: string;
  readonly checksum: string;
  /** The placement and its shards, for people. */
  readonly placement: string;
}

/** Lets a database accept other placements of some tables besides those that it has; what it was told before it forgets. Idempotent. */
export function acceptNext(dataSource: DataSource, suffix: string, accepted: readonly AcceptedPlacement[]): Promise<void> {
  return rewrite(dataSource, suffix, accepted, ({ kind, checksum }, next) => ({ kind, checksum, ...(next === checksum ? {} : { next }) }));
}

/** Lets a database accept only these placements of some tables. Idempotent. */
export function narrowIdentity(dataSource: DataSource, suffix: string, accepted: readonly AcceptedPlacement[]): Promise<void> {
  return rewrite(dataSource, suffix, accepted, ({ kind }, checksum) => ({ kind, checksum }));
}

/** A database that remembers nothing, such as one in memory, stays as it is. */
async function rewrite(
  dataSource: DataSource,
  suffix: string,
  accepted: readonly AcceptedPlacement[],
  edit: (stored: TableIdentity, checksum: string) => TableIdentity,
): Promise<void> {
  const identity = await readIdentity(dataSource, suffix);
  if (!identity) return;
  const tables = { ...identity.tables };
  for (const { table, checksum } of accepted) {
    const stored = tables[table];
    if (stored) tables[table] = edit(stored, checksum);
  }
  const placements = { ...identity.placements, ...Object.fromEntries(accepted.map(({ checksum, placement }) => [checksum, placement])) };
  const next: Identity = { ...identity, tables, placements };
  if (JSON.stringify(next) !== JSON.stringify(identity)) await updateIdentity(dataSource, next);
}
