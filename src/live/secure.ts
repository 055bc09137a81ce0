import type { QueryRunner } from 'typeorm';
import type { ClusterCore, GroupFootprint, ShardHandle } from '../cluster';
import { TopologyChangedError } from '../errors';
import { shareCoveringAll, shareMoving } from '../fence';
import type { Position } from '../routing';
import { isOwner } from './row-owner';

/** What a call claims of one shard: that these positions are the shard's, or that it may see whatever is there of the group. */
export interface Claim {
  readonly group: string;
  readonly positions: readonly Position[];
  readonly isWhole: boolean;
}

/** What the footprint of a call claims of a shard: the positions that the shard owns by the core that the call was routed by. */
export function claimsOn(core: ClusterCore, shard: ShardHandle, groups: Iterable<GroupFootprint>): readonly Claim[] {
  return [...groups].flatMap(({ group, positions, isWhole }) => {
    const table = core.tables.get(group);
    const own = [...positions].filter((position) => table?.ownerOf(position) === shard.name);
    return own.length > 0 || isWhole ? [{ group, positions: own, isWhole }] : [];
  });
}

/** How claims are secured. */
export interface SecureOptions {
  readonly shard: ShardHandle;
  /** Of the topology that the call was routed by. */
  readonly version: number;
  readonly isWrite: boolean;
}

/**
 * Reads the ownership of what a call claims in share mode, in the transaction of the runner: until that ends nothing of it can move.
 *
 * @throws {TopologyChangedError} when it has moved since, or, for a write, is moving.
 */
export async function secure(runner: QueryRunner, claims: readonly Claim[], options: SecureOptions): Promise<void> {
  for (const { group, positions, isWhole } of claims) {
    await (isWhole ? secureWhole(runner, group, options) : secureEach(runner, { group, positions }, options));
  }
}

async function secureEach(
  runner: QueryRunner,
  { group, positions }: Pick<Claim, 'group' | 'positions'>,
  { shard, version, isWrite }: SecureOptions,
): Promise<void> {
  const rows = await shareCoveringAll(runner, { shard: shard.name, group }, positions);
  for (const [index, position] of positions.entries()) {
    const row = rows[index];
    if (!row || !isOwner(row, { position, version, isWrite })) throw hasMoved(shard);
  }
}

async function secureWhole(runner: QueryRunner, group: string, { shard, version, isWrite }: SecureOptions): Promise<void> {
  const rows = await shareMoving(runner, { shard: shard.name, group }, version);
  const isStale = rows.some((row) => row.version > version || (isWrite && row.frontier < row.watermark));
  if (isStale) throw hasMoved(shard);
}

/** What is thrown when a call was routed by a topology that is not in force any more. */
export function hasMoved({ name }: Pick<ShardHandle, 'name'>, options?: ErrorOptions): TopologyChangedError {
  return new TopologyChangedError(name, 'the call was routed by a topology that has changed since.', options);
}
