import type { ShardedDataSource } from '../data-source';
import type { ExitCode } from './exit-code';
import type { Output } from './output';

/** An option of one command. */
export interface CommandOption {
  /** As commander writes it, for example `--timeout <ms>`. */
  readonly flags: string;
  readonly summary: string;
  /** Reads the text given; `previous` is what an option that is given several times has come to. @throws {UsageError} when it is not allowed. */
  readonly parse?: (text: string, previous: unknown) => unknown;
}

/** What a command is given. */
export interface CommandCall {
  /** The cluster that the file exports; nothing of it is open, and whoever runs the command closes it. */
  readonly cluster: ShardedDataSource;
  readonly args: readonly string[];
  /** By camel-case name. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly output: Output;
  /** Aborted by an interruption, or with an error that nobody caught as its reason. */
  readonly signal: AbortSignal;
}

/** What a command found out. */
export interface Answer {
  /** For programs: plain data. */
  readonly json: unknown;
  /** For people: lines without the last line end. */
  readonly text: string;
  /** @defaultValue 0 */
  readonly exitCode?: ExitCode;
}

/** One command of the line. */
export interface Command {
  /** Its words, for example `topology show`. */
  readonly name: string;
  readonly summary: string;
  /** As commander writes them, for example `<entity>` and `<key...>`. */
  readonly arguments?: readonly (readonly [flags: string, summary: string])[];
  readonly options?: readonly CommandOption[];
  /** What to type after the name of the program. */
  readonly examples: readonly string[];
  /** It ends in order by itself when it is interrupted; others are left where they are. @defaultValue false */
  readonly endsInOrder?: boolean;
  /** With `--json` it writes one document on each line, the answer last. @defaultValue false */
  readonly writesLines?: boolean;
  run(call: CommandCall): Promise<Answer>;
}
