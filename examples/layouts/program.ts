/** Where a program writes, and what stops it. */
export interface Surroundings {
  readonly stdout: Pick<NodeJS.WriteStream, 'write'>;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** A program of these examples. @returns its exit code. */
export type Program = (args: readonly string[], surroundings: Surroundings) => Promise<number>;

/** Runs a program as this process's own, and stops it at a signal to end. */
export function runAsProcess(program: Program): void {
  const interruption = new AbortController();
  // Each comes once or twice: from the terminal, and from npm, which passes on its own.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort());
  program(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, signal: interruption.signal }).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      // What is to be installed is no fault of the program, whose stack would hide it.
      console.error(error instanceof Error && error.name === 'MissingServersError' ? error.message : error);
      process.exitCode = 1;
    },
  );
}

/** Does the work, unless it is stopped. @returns the work's exit code, or 130. */
export async function unlessStopped({ stderr, signal }: Surroundings, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    stderr.write('\nStopped. Nothing is left behind.\n');
    return 130;
  }
}
