import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ShardHandle } from '../cluster';
import { EntityRow } from './entity-row';
import { groupByEntity } from './group-by-entity';
import { amongCondition } from './keyset';
import { joinsToMany, readSortValues, type SortedRow, type SortPlan, type SortTerm } from './order';
import type { ScatterCall } from './scatter-call';
import { type Stretch, selectKeys, selectNamed, selectRows, sortNames } from './statements';
import { readWholeRows, WholeRow } from './whole-row';

type Builder = SelectQueryBuilder<ObjectLiteral>;

/** The sort values of a row, which hold its primary key, and the shard that it is on. */
export interface KeyRow extends SortedRow {
  readonly shard: ShardHandle;
}

/** How many rows one statement names by their keys. */
const NAMED_ROWS = 500;

/** Fetches rows of one shard for a plan. */
export class ShardFetch {
  constructor(
    readonly call: ScatterCall,
    readonly plan: SortPlan,
    readonly shard: ShardHandle,
    readonly manager: EntityManager,
  ) {}

  /** The sort values of a stretch of the shard's rows, in order. */
  async keys(stretch: Stretch): Promise<KeyRow[]> {
    const builder = selectKeys(this.call.recipe(this.manager), this.plan, stretch);
    const raw: ObjectLiteral[] = await builder.getRawMany();
    const names = sortNames(builder, this.plan);
    return raw.map((row) => ({ shard: this.shard, values: readSortValues(this.plan, row, names) }));
  }

  /**
   * The entities of a stretch of the shard's rows, in order.
   *
   * @param isSilent - leaves listeners and subscribers to {@link announceLoaded}, for entities that may not be wanted after all.
   */
  async entities(stretch: Stretch, isSilent = false): Promise<EntityRow[]> {
    const builder = this.call.recipe(this.manager);
    if (isSilent) builder.callListeners(false);
    if (stretch.limit === undefined || !joinsToMany(builder)) return this.#run(selectRows(builder, this.plan, stretch));
    return (await this.named(await this.keys(stretch))).filter((row) => row !== undefined);
  }

  /** The rows of a stretch, of which {@link makeEntities} makes entities; only where each is complete. */
  async rows(stretch: Stretch): Promise<WholeRow[]> {
    const builder = selectRows(this.call.recipe(this.manager), this.plan, stretch);
    const raw = await readWholeRows(builder);
    const origin = { shard: this.shard, plan: this.plan, names: sortNames(builder, this.plan) };
    return raw.map((row) => new WholeRow(builder, origin, row));
  }

  /** The entities of given rows, in their order; undefined for those that are gone. */
  async named(keys: readonly KeyRow[]): Promise<(EntityRow | undefined)[]> {
    const found = new Map<string, EntityRow>();
    for (let from = 0; from < keys.length; from += NAMED_ROWS) {
      const condition = amongCondition(
        this.#keyTerms,
        keys.slice(from, from + NAMED_ROWS).map((row) => this.#keyOf(row)),
      );
      const rows = await this.#run(selectNamed(this.call.recipe(this.manager), this.plan, condition));
      for (const row of rows) found.set(this.#keyText(row), row);
    }
    return keys.map((key) => found.get(this.#keyText(key))?.at(key.values));
  }

  async #run(builder: Builder): Promise<EntityRow[]> {
    const { raw, entities } = await builder.getRawAndEntities<ObjectLiteral>();
    const groups = groupByEntity(builder, raw);
    if (groups.length !== entities.length) throw new TypeError('TypeORM made other entities than the rows say.');
    const origin = { shard: this.shard, plan: this.plan, names: sortNames(builder, this.plan) };
    return groups.map((rows, index) => new EntityRow(origin, entities[index] as ObjectLiteral, rows));
  }

  get #keyTerms(): readonly SortTerm[] {
    return this.plan.keyPlaces.map((place) => this.plan.terms[place] as SortTerm);
  }

  #keyOf({ values }: SortedRow): readonly (string | number | null)[] {
    return this.plan.keyPlaces.map((place) => values[place] ?? null);
  }

  #keyText(row: SortedRow): string {
    return JSON.stringify(this.#keyOf(row));
  }
}
