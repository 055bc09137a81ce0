import type { CommandCall, CommandOption } from '../command';
import { UsageError } from '../usage-error';

/** The option that answers yes to what a command would ask. */
export const yesOption: CommandOption = { flags: '-y, --yes', summary: 'do not ask' };

/** Refuses what would have to ask where nobody can be asked, before anything is done. @throws {UsageError} */
export function checkConfirmable({ options, output }: CommandCall): void {
  if (options.yes === true || (output.ask && options.json !== true)) return;
  throw new UsageError(
    options.json === true
      ? 'With --json nothing is asked: give --yes.'
      : 'This is no terminal on which to ask: give --yes. See first what would be done with reshard plan.',
  );
}

/** Asks, unless `--yes` says that all is well. @returns whether to go on. @throws the signal's reason. */
export async function isConfirmed(question: string, { options, output, signal }: CommandCall): Promise<boolean> {
  if (options.yes === true || !output.ask) return options.yes === true;
  return /^\s*y(es)?\s*$/i.test(await output.ask(`${question} [y/N] `, signal));
}
