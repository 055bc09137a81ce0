import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../database';
import { currentTestRun } from '../database/test-run';
import { pack } from './pack';

/** The packed library, built once for all test files of a run: the first that asks builds it, the others wait. */
export async function packedLibrary(): Promise<string> {
  const folder = join(currentTestRun().files, 'packed-library');
  const packed = join(folder, 'library.tgz');
  if (claim(folder)) renameSync(pack(folder), packed);
  else await waitUntil(() => existsSync(packed), { what: 'the library to be built', deadlineMs: 90_000 });
  return packed;
}

function claim(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}
