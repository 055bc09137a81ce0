import { ObservedTable, type Position, type RoutingTable } from '../routing';

/** What one call asked of the routing table of one group. */
export interface GroupFootprint {
  readonly group: string;
  /** Positions whose owner was asked for. */
  readonly positions: ReadonlySet<Position>;
  /** Whether it also asked who owns more than a position, so that any row of the group may concern it. */
  readonly isWhole: boolean;
}

/** Notes which positions one call is about: those that it asked routing tables for. */
export class Footprint {
  readonly #groups = new Map<string, { readonly group: string; readonly positions: Set<Position>; isWhole: boolean }>();
  readonly #tables = new Map<string, RoutingTable>();

  get groups(): Iterable<GroupFootprint> {
    return this.#groups.values();
  }

  /** What is known of one group; undefined when the call did not ask for it. */
  of(group: string): GroupFootprint | undefined {
    return this.#groups.get(group);
  }

  /** A table of the group that notes what it is asked for. */
  observe(group: string, table: RoutingTable): RoutingTable {
    const known = this.#tables.get(group);
    if (known) return known;
    const noted = { group, positions: new Set<Position>(), isWhole: false };
    const observed = new ObservedTable(table, (position) => {
      this.#groups.set(group, noted);
      if (position === undefined) noted.isWhole = true;
      else noted.positions.add(position);
    });
    this.#tables.set(group, observed);
    return observed;
  }
}
