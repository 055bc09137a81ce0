import { spawnSync } from 'node:child_process';

/**
 * Runs a program to its end.
 *
 * @returns What it wrote to stdout.
 * @throws Error with all it wrote, when it does not end with 0.
 */
export function run(program: string, args: readonly string[], folder: string): string {
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${status ?? signal}\n${stdout}${stderr}`, { cause: error });
  }
  return stdout;
}
