import { isAbsolute, resolve } from 'node:path';
import { DriverUtils } from 'typeorm/driver/DriverUtils';
import type { ResolvedClusterOptions, ResolvedShard } from './resolved-options';

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
  const { type, location } = options;
  if (type === 'sqljs') return typeof location === 'string' ? absolute(location) : undefined;
  if (type === 'better-sqlite3') return fileOf(options.database);
  const replication = options.replication as { readonly master?: Record<string, unknown> } | undefined;
  const given: Record<string, unknown> = { ...options, ...replication?.master };
  const at = typeof given.url === 'string' ? DriverUtils.buildDriverOptions(given) : given;
  if ([at.host, at.socketPath, at.port, at.database].every((part) => part === undefined)) return undefined;
  const port = Number(at.port ?? (type === 'postgres' ? 5432 : 3306));
  const schema = type === 'postgres' ? (at.schema ?? 'public') : undefined;
  return [at.socketPath ?? [hostOf(at.host), port], at.database, schema];
}

function hostOf(host: unknown): string {
  const name = String(host ?? 'localhost').toLowerCase();
  return name === 'localhost' || name === '::1' ? '127.0.0.1' : name;
}

function fileOf(database: unknown): string | undefined {
  return typeof database === 'string' && database !== ':memory:' && database !== '' ? absolute(database) : undefined;
}

function absolute(path: string): string {
  return isAbsolute(path) ? path : resolve(path);
}
