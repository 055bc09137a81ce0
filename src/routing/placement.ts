import type { PlacementKind } from './layout';
import type { RingMember } from './ring-member';
import type { RoutingTable } from './routing-table';
import type { ShardName } from './rule';

/** The rule that divides a line of positions among shards. */
export interface Placement {
  /** Which of the placements it is. */
  readonly kind: PlacementKind;
  /** What a position is: the hash of the canonical key, or the key itself. */
  readonly positions: 'hash' | 'key';
  /**
   * Makes the table to route by.
   *
   * Pure: the same members, in any order, and the same previous table give the same table in every process.
   *
   * @param members - All shards of the cluster; a bare name has weight 1.
   * @param previous - The table in force. The default ring changes it as little as even shares allow; the others ignore it.
   * @throws ConfigurationError with every fault of the placement's options and of the members.
   */
  compile(members: readonly (ShardName | RingMember)[], previous?: RoutingTable): RoutingTable;
  /** The placement in a few words, for messages. */
  describe(): string;
}
