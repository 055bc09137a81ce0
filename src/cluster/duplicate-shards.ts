import { isAbsolute, resolve } from 'node:path';
import type { ResolvedClusterOptions, ResolvedShard } from './resolved-options';
import { addressOf } from './shard-address';

/**
 * Finds members that have one name, or that would keep their rows in the same tables of one database.
 *
 * @param isConnectKnown - false when `connect` will say where the databases are, so that options alone tell nothing.
 * @returns One sentence for each.
 */
export function duplicateShardFaults(
  members: readonly ResolvedShard[],
  shared: ResolvedClusterOptions['shared'],
  isConnectKnown: boolean,
): readonly string[] {
  const names = members.map(({ name }) => name);
  const doubled = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...[...doubled].map((name) => `Two shards are named "${name}".`), ...sameTableFaults(members, shared, isConnectKnown)];
}

function sameTableFaults(members: readonly ResolvedShard[], shared: ResolvedClusterOptions['shared'], isConnectKnown: boolean): string[] {
  const places = new Map<string, string>();
  return members.flatMap((member) => {
    const place = isConnectKnown ? databasePlace({ ...shared, ...member.connection }) : undefined;
    // Some databases tell tables apart without regard to case.
    const key = JSON.stringify([place ?? { entry: member.database }, member.suffix.toLowerCase()]);
    const other = places.get(key);
    places.set(key, member.name);
    return other === undefined || other === member.name ? [] : [`Shards "${other}" and "${member.name}" are the same database and tables.`];
  });
}

/** Where a database is, as far as options tell; undefined for one in memory. */
function databasePlace(options: Record<string, unknown>): unknown {
  const { type } = options;
  const { file, host, socketPath, port, database, schema } = addressOf(options);
  if (type === 'sqljs' || type === 'better-sqlite3') return file && (isAbsolute(file) ? file : resolve(file));
  if ([host, socketPath, port, database].every((part) => part === undefined)) return undefined;
  const at = socketPath ?? [hostOf(host), port ?? (type === 'postgres' ? 5432 : 3306)];
  return [at, database, type === 'postgres' ? (schema ?? 'public') : undefined];
}

function hostOf(host = 'localhost'): string {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' ? '127.0.0.1' : name;
}
