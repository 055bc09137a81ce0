import type { ReshardRunOptions } from '../../reshard/reshard-run';
import type { CommandOption } from '../command';
import { UsageError } from '../usage-error';

/** The option that says how large chunks are. */
export const chunkRowsOption: CommandOption = {
  flags: '--chunk-rows <rows>',
  summary: 'the most rows that are frozen at once (default: 500)',
  parse: wholeNumber('--chunk-rows', 10_000),
};

/** The options that say how fast rows are moved. */
export const runOptions: readonly CommandOption[] = [
  chunkRowsOption,
  { flags: '--workers <count>', summary: 'how many chunks are moved at once (default: 2)', parse: wholeNumber('--workers', 64) },
  {
    flags: '--max-rows-per-second <rows>',
    summary: 'the most rows that are moved in a second (default: no limit)',
    parse: wholeNumber('--max-rows-per-second', Number.MAX_SAFE_INTEGER),
  },
];

/** Reads {@link runOptions}. */
export function runOptionsOf(options: Readonly<Record<string, unknown>>): ReshardRunOptions {
  const { chunkRows, workers, maxRowsPerSecond } = options;
  return { chunkRows, workers, maxRowsPerSecond } as ReshardRunOptions;
}

function wholeNumber(flag: string, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most) throw new UsageError(`${flag} is a whole number from 1 to ${most}.`);
    return value;
  };
}
