import type { Position } from './position';
import { RoutingTable } from './routing-table';
import type { ShardName } from './rule';

/** What a table was asked for: the owner of a position, or with undefined those of more than one. */
export type TableObserver = (position: Position | undefined) => void;

/** A routing table that tells what it is asked for. It answers as the table that it was made of. */
export class ObservedTable extends RoutingTable {
  constructor(
    table: RoutingTable,
    readonly observe: TableObserver,
  ) {
    super(table.layout, table);
  }

  override ownerOf(position: Position): ShardName {
    this.observe(position);
    return super.ownerOf(position);
  }

  override ownersBetween(low: Position | null, high: Position | null): readonly ShardName[] {
    this.observe(undefined);
    return super.ownersBetween(low, high);
  }

  override everyOwner(): readonly ShardName[] {
    this.observe(undefined);
    return super.everyOwner();
  }
}
