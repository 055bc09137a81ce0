import type { ReshardChange } from '../../reshard/reshard-change';
import type { CommandOption } from '../command';
import { UsageError } from '../usage-error';

/** The options that say what shall change. */
export const changeOptions: readonly CommandOption[] = [
  { flags: '--add <shard>', summary: 'a shard that shall own rows; may be given several times', parse: collected },
  { flags: '--remove <shard>', summary: 'a shard that shall own nothing any more; may be given several times', parse: collected },
  { flags: '--reweigh <shard=weight>', summary: 'a new weight of a shard; may be given several times', parse: reweighed },
  { flags: '--group <name>', summary: 'the only group of entities that is moved (default: all)' },
];

/** Reads {@link changeOptions}. @throws {UsageError} when they change nothing. */
export function changeOf({ add, remove, reweigh, group }: Readonly<Record<string, unknown>>): ReshardChange {
  if (!add && !remove && !reweigh) throw new UsageError('Nothing shall change. Give --add, --remove or --reweigh.');
  return { add, remove, reweigh, group } as ReshardChange;
}

function collected(text: string, previous: unknown): readonly string[] {
  return [...((previous as readonly string[] | undefined) ?? []), text];
}

function reweighed(text: string, previous: unknown): Readonly<Record<string, number>> {
  const [, shard, weight] = /^(.+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (shard === undefined || !(Number(weight) > 0)) {
    throw new UsageError('--reweigh is the name of a shard and a number above 0, for example s2=2.');
  }
  return { ...(previous as Readonly<Record<string, number>> | undefined), [shard]: Number(weight) };
}
