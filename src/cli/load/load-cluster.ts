import { existsSync, statSync } from 'node:fs';
import { extname, relative, resolve } from 'node:path';
import type { ShardedDataSource } from '../../data-source';
import { UsageError } from '../usage-error';
import { exportedCluster } from './exported-cluster';
import { loadFault } from './load-fault';
import { loadModule } from './load-module';
import { projectTypeScript, type TypeScriptCompiler } from './project-typescript';
import { TypeScriptSource } from './typescript-source';

const ENDINGS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/**
 * Loads the cluster that a file exports; it is not opened.
 *
 * @param path - relative to `folder`.
 * @throws {UsageError} when there is no such file, or it exports no cluster or several.
 * @throws {LoadError} when the file cannot be read or fails, with its name and line.
 */
export async function loadCluster(path: string, folder: string): Promise<ShardedDataSource> {
  const file = resolve(folder, path);
  if (!existsSync(file) || !statSync(file).isFile()) throw new UsageError(`There is no file ${path}.`);
  if (!ENDINGS.includes(extname(file))) throw new UsageError(`${path} ends in none of ${ENDINGS.join(', ')}.`);
  const source = typeScriptSource(file, folder);
  try {
    return await exportedCluster(await loadModule(file, source), path);
  } catch (error) {
    throw loadFault(error, file, source);
  }
}

function typeScriptSource(file: string, folder: string): TypeScriptSource {
  const placeOf = (path: string, line?: number) => {
    const shown = relative(folder, path);
    return `${shown.startsWith('..') ? path : shown}${line === undefined ? '' : `:${line}`}`;
  };
  let compiler: TypeScriptCompiler | undefined;
  return new TypeScriptSource(() => (compiler ??= projectTypeScript(file, placeOf(file))), placeOf);
}
