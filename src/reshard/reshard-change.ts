import type { Placement } from '../routing';

/** What shall change; everything else stays. Several changes are made in one go. */
export interface ReshardChange {
  /** Shards that shall own rows: named in the configuration, and owning nothing yet. They get the weight that the configuration says, or 1. */
  readonly add?: readonly string[];
  /** Shards that shall own nothing any more. */
  readonly remove?: readonly string[];
  /** New weights of shards that own rows; above 0. */
  readonly reweigh?: Readonly<Record<string, number>>;
  /** Another placement of the same kind of positions, for example other ranges or an epoch of `modulo`. */
  readonly placement?: Placement;
  /** The only group that is moved. @defaultValue every group that the change concerns */
  readonly group?: string;
}
