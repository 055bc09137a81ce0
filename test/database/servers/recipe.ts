import type { Binaries } from './binaries';
import type { Supervisor, SupervisorOptions } from './supervisor';

/** User that every throwaway server has, with all rights; the password is random. */
export const serverUser = 'sharding';

/** How one kind of server is made and started. */
export interface ServerRecipe {
  /** User of the system that its own package runs it as. */
  readonly systemUser: string;

  /** What ends it when its data is not needed any more. */
  readonly stopSignal: SupervisorOptions['stopSignal'];

  /** Makes the data directory, `data` in the supervisor's. */
  prepare(supervisor: Supervisor, binaries: Binaries, password: string): Promise<void>;

  /** The command line of the server. */
  command(directory: string, binaries: Binaries, port: number): readonly [file: string, ...args: string[]];
}

/** Runs a command that must succeed. */
export async function runOrThrow(supervisor: Supervisor, file: string, args: readonly string[]): Promise<void> {
  const { code, output } = await supervisor.run(file, args);
  if (code !== 0) {
    throw new Error(`${file} ended with ${code}: ${output.trim()}`);
  }
}
