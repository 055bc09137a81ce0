import { Command as CommanderCommand } from 'commander';
import type { Command } from './command';
import { commands } from './commands';

/** The options that every command has. */
export interface CommonOptions {
  readonly dataSource?: string;
  readonly json?: boolean;
  readonly stack?: boolean;
}

/** What a program is made with. */
export interface ProgramOptions {
  readonly version: string;
  /** Called with what commander itself writes: help and the version on `result`, faults of usage on `story`. */
  readonly write: (stream: 'result' | 'story', text: string) => void;
  /** Called with the command that the arguments name. */
  readonly onCommand: (command: Command, args: readonly string[], options: CommonOptions & Readonly<Record<string, unknown>>) => void;
}

const NAME = 'typeorm-sharding';

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 called wrongly, 3 differences found, 130 interrupted.
Commands that move rows write one JSON document on each line with --json, the outcome last.

Examples:
  ${NAME} -d src/cluster.ts topology show
  ${NAME} -d src/cluster.ts route User ada --json
  ${NAME} -d src/cluster.ts reshard plan --add s3
`;

/** Makes the parser of the command line from the table of commands. It ends nothing by itself: it throws `CommanderError`. */
export function createProgram(options: ProgramOptions): CommanderCommand {
  const program = new CommanderCommand(NAME)
    .description('Looks into a cluster of typeorm-sharding, and moves its rows. Results go to stdout, everything else to stderr.')
    .version(options.version, '--version')
    .option('-d, --data-source <path>', 'the .ts, .mts, .cts, .js, .mjs or .cjs file that exports the ShardedDataSource')
    .option('--json', 'write one JSON document, also for an error')
    .option('--stack', 'show the stack of an error')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => options.write('result', text), writeErr: (text) => options.write('story', text) })
    .exitOverride()
    .addHelpText('after', EXIT_CODES);
  for (const command of commands) addCommand(program, command, options);
  return program;
}

function addCommand(program: CommanderCommand, command: Command, { onCommand }: ProgramOptions): void {
  const added = nested(program, command).description(command.summary).addHelpText('after', examplesOf(command));
  for (const [flags, summary] of command.arguments ?? []) added.argument(flags, summary);
  for (const { flags, summary, parse } of command.options ?? []) {
    if (parse) added.option(flags, summary, parse);
    else added.option(flags, summary);
  }
  added.action(() => onCommand(command, added.args, added.optsWithGlobals()));
}

/** Makes `show` of `topology show` under `topology`, which is made with its first command. */
function nested(program: CommanderCommand, { name }: Command): CommanderCommand {
  const words = name.split(' ');
  const last = words.pop() ?? name;
  let parent = program;
  for (const word of words) {
    parent = parent.commands.find((each) => each.name() === word) ?? parent.command(word).description(`commands on the ${word}`);
  }
  return parent.command(last);
}

function examplesOf({ examples }: Command): string {
  return `\nExamples:\n${examples.map((example) => `  ${NAME} ${example}`).join('\n')}\n`;
}
