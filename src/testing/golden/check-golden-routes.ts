import { AssertionError } from 'node:assert';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ShardedDataSource } from '../../data-source';
import { parseRoutes, routeDifferences } from './compare-routes';
import { type GoldenRoutes, goldenRoutes, type KeysByEntity } from './golden-routes';

const MEANING =
  'A cluster that already holds rows would look for them on the wrong shard, so rows would be lost to the application: undo the change ' +
  'of shard names, weights, placement or key. If no database holds rows yet, write the file anew with { update: true }.';

/**
 * Compares where keys lead with a file that says where they led, so that no change of options or entities moves keys unseen.
 *
 * @param file - JSON as {@link goldenRoutes} gives it; keep it under version control.
 * @param options.update - writes the file instead of comparing; defaults to false.
 * @throws AssertionError that names the keys that would move, or says that the file is missing and how to make it.
 */
export async function checkGoldenRoutes(
  cluster: ShardedDataSource,
  file: string,
  keys: KeysByEntity,
  options: { readonly update?: boolean } = {},
): Promise<void> {
  const routes = goldenRoutes(cluster, keys);
  if (options.update) return writeRoutes(file, routes);
  const golden = parseRoutes(await readGolden(file));
  if (!golden) throw failure(`${file} holds no golden routes. Write it anew with { update: true }.`);
  const differences = routeDifferences(golden, routes);
  if (differences.length === 0) return;
  const lines = differences.map((difference) => `  ${difference}\n`).join('');
  throw failure(`Keys are not where ${file} says:\n${lines}${MEANING}`, golden, routes);
}

async function writeRoutes(file: string, routes: GoldenRoutes): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(routes, undefined, 2)}\n`);
}

async function readGolden(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'ENOENT') throw error;
    throw failure(`There is no ${file} to compare with. Write it once with checkGoldenRoutes(cluster, file, keys, { update: true }).`);
  }
}

function failure(message: string, expected?: GoldenRoutes, actual?: GoldenRoutes): AssertionError {
  return new AssertionError({ message, actual, expected, operator: 'checkGoldenRoutes', stackStartFn: checkGoldenRoutes });
}
