import type { QueryRunner } from 'typeorm';
import { ReshardStoppedError } from '../../errors';
import { brokenGuards } from '../../fence';
import { fencedGroups } from '../fenced-groups';
import type { MoveContext } from './move-context';
import type { MoverShard } from './mover-connections';

/**
 * Refuses to go on where a guard is not as it must be. To be asked in a transaction that has read or written the tables of the group, before
 * anything is done that trusts them.
 *
 * @throws {ReshardStoppedError} naming the shard and its tables.
 */
export async function checkGuards(
  context: MoveContext,
  { name, source }: MoverShard,
  asked: { group: string; runner: QueryRunner },
): Promise<void> {
  const broken = await brokenGuards(source, asked.runner, fencedGroups(context.live.current, [asked.group]));
  if (broken.length === 0) return;
  const reason =
    `the triggers that guard ${broken.join(', ')} are not as they were made, so writers with an old topology would not be refused. ` +
    'Find out who changed them; resume() makes them again.';
  throw new ReshardStoppedError(context.planId, context.lastStep, name, reason);
}
