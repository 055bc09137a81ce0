import type { ScatterOptions } from '../options';
import type { Placement } from '../routing';
import { declareEntity } from './declaration';

/** Settings of a sharded entity; group and placement apply to its whole group. */
export interface ShardedOptions {
  /**
   * Entities with the same group name and equal keys are stored on the same shard and may be related.
   * @defaultValue the name of the entity
   */
  readonly group?: string;
  /** How the group's keys are divided among the shards. @defaultValue the cluster's placement */
  readonly placement?: Placement;
  /** What calls to several shards on this entity may cost; what is not given here the cluster says, not the parent. */
  readonly scatter?: ScatterOptions;
}

/** Gives a sharded entity a group, a placement or scatter options of its own. The key itself is marked with `@ShardKey()`. */
export function Sharded(options: ShardedOptions): ClassDecorator {
  return (target) => declareEntity(target, { sharded: options });
}

/** Marks an entity as a reference table: every shard has a full copy, reads ask one shard, writes go to all. */
export function ReferenceTable(): ClassDecorator {
  return (target) => declareEntity(target, { reference: true });
}

/** Marks an entity as living whole on one named shard. */
export function Unsharded(options: { readonly shard: string }): ClassDecorator {
  return (target) => declareEntity(target, { unsharded: options });
}
