import { type AcceptedPlacement, acceptNext, narrowIdentity, shardFault } from '../../cluster';
import type { RoutingTable } from '../../routing';
import { allEnded } from './apply-mark';
import type { MoveContext } from './move-context';

/** Lets every database accept other placements besides those that it has, in place of others that it was told before. */
export function acceptPlacements(context: MoveContext, tables: ReadonlyMap<string, RoutingTable>): Promise<void> {
  return onEach(context, tables, 'identity', acceptNext);
}

/** Lets every database accept only these placements. */
export function narrowPlacements(context: MoveContext, tables: ReadonlyMap<string, RoutingTable>): Promise<void> {
  return onEach(context, tables, 'narrow', narrowIdentity);
}

async function onEach(
  context: MoveContext,
  tables: ReadonlyMap<string, RoutingTable>,
  step: 'identity' | 'narrow',
  write: typeof acceptNext,
): Promise<void> {
  const { core } = context.live;
  const accepted = acceptedOf(context, tables);
  await allEnded(
    [...core.shards.values()].map(async (shard) => {
      const source = await shard.open();
      context.announce(step, { shard: shard.name });
      await write(source, shard.options.suffix, accepted).catch((error: unknown) => Promise.reject(shardFault(shard.name, error)));
    }),
  );
}

function acceptedOf(context: MoveContext, tables: ReadonlyMap<string, RoutingTable>): readonly AcceptedPlacement[] {
  const { model } = context.live.core;
  return [...model.entities.values()].flatMap((sharding) => {
    const table = sharding.kind === 'sharded' ? tables.get(sharding.group.name) : undefined;
    if (sharding.kind !== 'sharded' || !table) return [];
    const placement = `${sharding.group.placement.describe()} over ${table.shards.join(', ')}`;
    return [{ table: sharding.metadata.tableName, checksum: table.checksum, placement }];
  });
}
