import type { ObjectLiteral } from 'typeorm';
import type { ShardHandle } from '../cluster';
import { readSortValues, type SortedRow, type SortPlan, type SortValue } from './order';

/** Where an entity comes from, and how its sort values are read. */
export interface RowOrigin {
  readonly shard: ShardHandle;
  readonly plan: SortPlan;
  /** Under which names raw rows hold the values of the plan's terms. */
  readonly names: readonly string[];
}

/** An entity with its sort values, which are read when they are first asked for. */
export class EntityRow implements SortedRow {
  #values: readonly SortValue[] | undefined;

  constructor(
    readonly origin: RowOrigin,
    readonly entity: ObjectLiteral,
    /** The raw rows that the entity was made of. */
    readonly raw: readonly ObjectLiteral[],
  ) {}

  get shard(): ShardHandle {
    return this.origin.shard;
  }

  /** The same row with the values that are known of it already. */
  at(values: readonly SortValue[]): this {
    this.#values = values;
    return this;
  }

  get values(): readonly SortValue[] {
    this.#values ??= readSortValues(this.origin.plan, this.raw[0] as ObjectLiteral, this.origin.names);
    return this.#values;
  }
}
