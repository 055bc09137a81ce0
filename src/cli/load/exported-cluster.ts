import { types } from 'node:util';
import { DataSource } from 'typeorm';
import { ShardedDataSource } from '../../data-source';
import { UsageError } from '../usage-error';

type Exports = Readonly<Record<string, unknown>>;

/**
 * Picks the one cluster that a file exports: itself, a promise of it, or a function that makes it.
 *
 * A function is called only when nothing else is a cluster, and only the default export or the sole function, since a file may export
 * functions that are meant for others.
 *
 * @throws {UsageError} when there is none or more than one; it names the exports.
 */
export async function exportedCluster(exported: unknown, place: string): Promise<ShardedDataSource> {
  const named = namedExports(exported);
  const awaited = await Promise.all(named.map(async ([name, value]) => [name, types.isPromise(value) ? await value : value] as const));
  const found = only(clustersAmong(awaited), place);
  if (found) return found;
  const made = await madeBy(named);
  const result = only(clustersAmong(made), place);
  if (result) return result;
  throw noCluster([...awaited, ...made], place);
}

/** What a module exports, without the doubles that come of reading CommonJS as an ES module. */
function namedExports(exported: unknown): readonly (readonly [string, unknown])[] {
  if (exported instanceof DataSource || typeof exported !== 'object' || exported === null || types.isPromise(exported)) {
    return [['default', exported]];
  }
  const outer = Object.entries(exported as Exports);
  const main = (exported as Exports).default;
  const isPlain = typeof main === 'object' && main !== null && [Object.prototype, null].includes(Object.getPrototypeOf(main));
  const inner = isPlain ? Object.entries(main as Exports) : [];
  const all = [...outer, ...inner].filter(([name]) => name !== '__esModule' && name !== 'module.exports');
  return all.filter(([, value], index) => all.findIndex(([, other]) => other === value) === index);
}

function clustersAmong(named: readonly (readonly [string, unknown])[]): readonly (readonly [string, ShardedDataSource])[] {
  return named.flatMap(([name, value]) => (value instanceof ShardedDataSource ? [[name, value] as const] : []));
}

function only(clusters: readonly (readonly [string, ShardedDataSource])[], place: string): ShardedDataSource | undefined {
  const distinct = [...new Set(clusters.map(([, cluster]) => cluster))];
  if (distinct.length > 1) {
    const names = clusters.map(([name]) => name).join(', ');
    throw new UsageError(`${place} exports ${distinct.length} clusters (${names}); export exactly one ShardedDataSource.`);
  }
  return distinct[0];
}

async function madeBy(named: readonly (readonly [string, unknown])[]): Promise<readonly (readonly [string, unknown])[]> {
  const makers = named.filter(([, value]) => typeof value === 'function' && !/^class\b/.test(String(value)));
  const chosen = makers.find(([name]) => name === 'default') ?? (makers.length === 1 ? makers[0] : undefined);
  if (!chosen) return [];
  const [name, make] = chosen as readonly [string, () => unknown];
  return [[`${name}()`, await make()]];
}

function noCluster(named: readonly (readonly [string, unknown])[], place: string): UsageError {
  const foreign = named.find(([, value]) => isOfAnotherCopy(value));
  if (foreign) {
    return new UsageError(
      `${foreign[0]} of ${place} is a ShardedDataSource of another copy of typeorm-sharding than this command belongs to. ` +
        "Run the project's own: npx typeorm-sharding, in the folder of the project.",
    );
  }
  const exports = named.map(([name, value]) => `${name} (${kindOf(value)})`).join(', ') || 'nothing';
  return new UsageError(`${place} exports no ShardedDataSource; it exports ${exports}. Export exactly one.`);
}

function isOfAnotherCopy(value: unknown): boolean {
  for (let each: unknown = value; typeof each === 'object' && each !== null; each = Object.getPrototypeOf(each)) {
    if (each.constructor?.name === 'ShardedDataSource') return true;
  }
  return false;
}

function kindOf(value: unknown): string {
  if (typeof value === 'function') return /^class\b/.test(String(value)) ? 'class' : 'function';
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return (Object.getPrototypeOf(value) as object | null)?.constructor?.name ?? 'object';
}
