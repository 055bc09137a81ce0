import { CommanderError } from 'commander';
import type { ShardedDataSource } from '../data-source';
import type { Answer, Command } from './command';
import type { ExitCode } from './exit-code';
import { failureOf, stackOf } from './failure';
import { loadCluster } from './load/load-cluster';
import type { Output } from './output';
import { type CommonOptions, createProgram } from './program';
import { jsonLine, jsonText } from './text/json-text';
import { isInterrupted, untilAborted } from './until-aborted';
import { UsageError } from './usage-error';

/** What a run of the command line is given by the process. */
export interface RunOptions {
  readonly output: Output;
  /** The folder that paths are relative to. */
  readonly folder: string;
  readonly version: string;
  /** Aborted by an interruption, or with an error that nobody caught as its reason. */
  readonly signal: AbortSignal;
}

/** How long a cluster may take to close; a server that does not answer keeps its driver busy for longer. */
const CLOSING_MS = 2_000;

interface Chosen {
  readonly command: Command;
  readonly args: readonly string[];
  readonly options: CommonOptions & Readonly<Record<string, unknown>>;
}

/** Runs one command line to its end. It never throws: what went wrong is written, and told by the exit code. */
export async function run(args: readonly string[], options: RunOptions): Promise<ExitCode> {
  const isJson = args.includes('--json');
  let write = jsonText;
  try {
    const chosen = await parse(args, options, isJson);
    if (!chosen) return 0;
    if (chosen.command.writesLines) write = jsonLine;
    const { json, text, exitCode = 0 } = await answerOf(chosen, options);
    await options.output.result(`${isJson ? write(json) : text}\n`);
    return exitCode;
  } catch (error) {
    return report(error, options, { json: isJson ? write : undefined, withStack: args.includes('--stack') });
  }
}

/** @returns undefined when commander has answered by itself: help or the version. */
async function parse(args: readonly string[], { output, version }: RunOptions, isJson: boolean): Promise<Chosen | undefined> {
  const written = { result: '', story: '' };
  let chosen: Chosen | undefined;
  const program = createProgram({
    version,
    write: (stream, text) => {
      written[stream] += text;
    },
    onCommand: (command, given, options) => {
      chosen = { command, args: given, options };
    },
  });
  try {
    program.parse(args, { from: 'user' });
    return chosen;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) {
      await output.result(written.result);
      return undefined;
    }
    throw usageError(error, written.story, isJson);
  }
}

/** Without a command commander writes the help as if it were the fault. */
function usageError(error: CommanderError, story: string, isJson: boolean): UsageError {
  if (error.code !== 'commander.help') return new UsageError(story.trim().replace(/^error: /, ''), { cause: error });
  return new UsageError(isJson ? 'No command is given. See typeorm-sharding --help.' : `No command is given.\n\n${story.trim()}`);
}

async function answerOf({ command, args, options }: Chosen, { folder, signal, output }: RunOptions): Promise<Answer> {
  if (options.dataSource === undefined) {
    throw new UsageError('No data source is given. Name the file that exports the ShardedDataSource: -d path/to/cluster.ts');
  }
  let cluster: ShardedDataSource | undefined;
  try {
    cluster = await untilAborted(loadCluster(options.dataSource, folder), signal);
    const answer = command.run({ cluster, args, options, output, signal });
    return await (command.endsInOrder ? answer : untilAborted(answer, signal));
  } finally {
    await close(cluster);
  }
}

async function close(cluster: ShardedDataSource | undefined): Promise<void> {
  if (!cluster) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSING_MS);
  });
  // The answer is known, and the process ends next; a fault of closing would only hide it.
  await Promise.race([cluster.destroy().catch(() => undefined), late]);
  clearTimeout(timer);
}

async function report(
  error: unknown,
  { output, signal }: RunOptions,
  { json: write, withStack }: { readonly json: ((value: unknown) => string) | undefined; readonly withStack: boolean },
): Promise<ExitCode> {
  if (isInterrupted(signal)) {
    if (write) await output.result(`${write({ error: { code: 'ERR_INTERRUPTED', message: 'Interrupted.' } })}\n`);
    else await output.story('Interrupted.\n');
    return 130;
  }
  const { text, json, exitCode } = failureOf(error);
  if (write) await output.result(`${write(json)}\n`);
  else await output.story(`${text}\n`);
  if (withStack) await output.story(`${stackOf(error)}\n`);
  return exitCode;
}
