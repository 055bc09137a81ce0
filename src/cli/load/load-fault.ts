import { spawnSync } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { ShardingError } from '../../errors';
import { withoutCredentials } from '../text/without-credentials';
import { LoadError } from './load-error';
import type { TypeScriptSource } from './typescript-source';

/** A line of a stack, with the path of a file; `node:` modules have none. */
const FRAME = /^at (?:.*?[\s(])??((?:file:\/\/)?\/.*|[A-Za-z]:\\.*):(\d+):(\d+)\)?$/;
/** How a SyntaxError of Node begins its stack: the place, then the line itself. */
const SYNTAX_PLACE = /^((?:file:\/\/)?(?:\/|[A-Za-z]:\\).*?):(\d+)$/;

/** Makes one readable error, with the file and where known its line, of whatever loading a file threw. The library's own pass. */
export function loadFault(error: unknown, file: string, source: TypeScriptSource): Error {
  // jiti may go on after a fault of syntax, and fail of something that only follows from it.
  if (source.fault) return source.fault;
  if (error instanceof ShardingError) return error;
  const found = placeIn(error, source);
  if (found === undefined && error instanceof SyntaxError) return syntaxFault(error, file, source);
  const place = found ?? source.placeOf(importerOf(error) ?? file);
  return new LoadError(withoutCredentials(reasonOf(error, source)), place, { cause: error });
}

/** Node does not tell where an ES module has its fault, unless it is asked to check that very file. */
function syntaxFault(error: SyntaxError, file: string, source: TypeScriptSource): LoadError {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
  const [, path, line] = SYNTAX_PLACE.exec(stderr.split('\n')[0] ?? '') ?? [];
  const place = path === undefined ? source.placeOf(file) : source.placeOf(pathOf(path), Number(line));
  const where = path === undefined ? ' (in a module that it imports)' : '';
  return new LoadError(`${reasonOf(error, source)}${where}`, place, { cause: error });
}

function reasonOf(error: unknown, source: TypeScriptSource): string {
  if (!types.isNativeError(error)) return 'it threw something that is no error';
  const [message = ''] = error.message.split('\n');
  const missing = /^Cannot find (?:module|package) '([^']+)'/.exec(message)?.[1];
  if (missing !== undefined) return missingText(missing, source);
  return error.name === 'Error' ? message || 'it threw an error without a message' : `${error.name}: ${message}`;
}

function missingText(name: string, source: TypeScriptSource): string {
  const isPath = /^(\.|\/|[A-Za-z]:\\|file:)/.test(name);
  return isPath
    ? `cannot find the file ${isAbsolute(name) ? source.placeOf(name) : name}`
    : `cannot find the package ${name}; is it installed?`;
}

function placeIn(error: unknown, source: TypeScriptSource): string | undefined {
  const stack = types.isNativeError(error) ? (error.stack ?? '') : '';
  const lines = stack.split('\n');
  const syntax = SYNTAX_PLACE.exec(lines[0] ?? '');
  if (syntax) return source.placeOf(pathOf(syntax[1]!), Number(syntax[2]));
  for (const text of lines) {
    const [, found, line, column] = FRAME.exec(text.trim()) ?? [];
    if (found === undefined || isForeign(found)) continue;
    const path = pathOf(found);
    return source.placeOf(path, source.originalLine(path, Number(line), Number(column) - 1));
  }
  return undefined;
}

/** Whether a frame is code of packages and not of the user's project. */
function isForeign(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path) || pathOf(path).startsWith(__dirname);
}

function importerOf(error: unknown): string | undefined {
  const { requireStack, message } = error as { readonly requireStack?: readonly string[]; readonly message?: string };
  return requireStack?.[0] ?? /imported from (\S+)/.exec(message ?? '')?.[1];
}

function pathOf(place: string): string {
  return place.startsWith('file:') ? fileURLToPath(place.replace(/[?#].*$/, '')) : place;
}
