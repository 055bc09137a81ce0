import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where this library and TypeORM are. */
const PASSED_OVER = [dirname(__dirname), dirname(require.resolve('typeorm'))].map((folder) => folder + sep);

/** Enough for the frames of this library and of TypeORM above the caller's. */
const FRAMES = 50;

/**
 * Finds the place outside this library, TypeORM and Node.js that called, as `file:line:column`; undefined when there is none.
 *
 * It must be called before anything is awaited. It takes some tens of microseconds.
 */
export function callerLocation(): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  try {
    const frame = rawFiles().findIndex(isCaller);
    // Source maps are applied to the text of a stack only; and what they make of TypeORM's files could not be recognised.
    return frame < 0 ? undefined : placeOf(textLines()[frame] ?? '');
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The files of the stack above {@link callerLocation} as they are loaded. */
function rawFiles(): readonly (string | null | undefined)[] {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (_, frames) => frames.map((frame) => frame.getFileName());
  const holder: { stack?: unknown } = {};
  Error.captureStackTrace(holder, callerLocation);
  // It is made when it is first read.
  const files = holder.stack as readonly (string | null | undefined)[];
  Error.prepareStackTrace = prepareStackTrace;
  return files;
}

/** The same frames as text. */
function textLines(): readonly string[] {
  const error = new Error();
  Error.captureStackTrace(error, callerLocation);
  return (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
}

function isCaller(file: string | null | undefined): boolean {
  if (!file || file.startsWith('node:')) return false;
  const path = pathOf(file);
  return !PASSED_OVER.some((folder) => path.startsWith(folder));
}

/** `at name (file:line:column)` or `at file:line:column`. */
function placeOf(line: string): string | undefined {
  const [, place] = /\((.+:\d+:\d+)\)$/.exec(line) ?? /at (?:async )?(.+:\d+:\d+)$/.exec(line) ?? [];
  return place === undefined ? undefined : pathOf(place);
}

function pathOf(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}
