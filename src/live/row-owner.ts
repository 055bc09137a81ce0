import type { OwnershipRow, ShardRule } from '../fence';
import type { Position } from '../routing';

/** By what a row of ownership is read. */
export interface OwnerQuestion {
  readonly position: Position;
  /** The topology version by which the caller routed: what moved in after it may be newer than what the caller has read. */
  readonly version: number;
  /** Whether a row that is frozen will not do. */
  readonly isWrite: boolean;
}

/** Whether a shard's own row of ownership says that the position is the shard's, as the caller believes. */
export function isOwner(row: OwnershipRow, { position, version, isWrite }: OwnerQuestion): boolean {
  if (position >= row.watermark) return row.version <= version && matches(position, row.newRule);
  if (position >= row.frontier && isWrite) return false;
  return matches(position, row.oldRule);
}

/** Floor modulus: −5 mod 3 is 1. */
function matches(position: Position, { modulus, residue }: ShardRule): boolean {
  if (modulus <= 1) return modulus === 1;
  const remainder = Number(BigInt(position) % BigInt(modulus));
  return (remainder + modulus) % modulus === residue;
}
