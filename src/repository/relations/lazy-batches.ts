import type { ObjectLiteral, QueryRunner } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import type { ClusterCore, ShardAccess } from '../../cluster';
import { CallRouter } from '../call-router';
import { PROVED } from '../scope';
import { LazyPromise } from './lazy-promise';
import { loaderOf } from './related-reads';
import { RunnerAccess } from './runner-access';

/** Entities whose relation is to be loaded together. */
interface Batch {
  readonly entities: ObjectLiteral[];
  readonly related: Promise<ReadonlyMap<ObjectLiteral, readonly ObjectLiteral[]>>;
}

/**
 * Loads lazy relations that leave their group. What is asked for in one turn of the event loop, by `Promise.all` for example, is
 * loaded together: one find for each relation, however many entities there are.
 */
export class LazyBatches {
  readonly #open = new Map<RelationMetadata, Map<QueryRunner | undefined, Batch>>();

  constructor(readonly core: () => ClusterCore) {}

  /**
   * Loads the related rows of entities.
   *
   * @param queryRunner - the connection that loaded the entities, when that is in a transaction; then its shard alone is asked.
   */
  load(relation: RelationMetadata, entities: readonly ObjectLiteral[], queryRunner: QueryRunner | undefined): Promise<ObjectLiteral[]> {
    return LazyPromise.resolve(this.#load(relation, entities, queryRunner));
  }

  async #load(
    relation: RelationMetadata,
    entities: readonly ObjectLiteral[],
    queryRunner: QueryRunner | undefined,
  ): Promise<ObjectLiteral[]> {
    const runner = queryRunner?.isTransactionActive && !queryRunner.isReleased ? queryRunner : undefined;
    const batch = this.#batch(relation, runner);
    batch.entities.push(...entities);
    const related = await batch.related;
    for (const entity of entities) this.core().related.remember(relation, entity, related.get(entity) ?? []);
    return entities.flatMap((entity) => related.get(entity) ?? []);
  }

  #batch(relation: RelationMetadata, runner: QueryRunner | undefined): Batch {
    const batches = this.#open.get(relation) ?? new Map<QueryRunner | undefined, Batch>();
    this.#open.set(relation, batches);
    const open = batches.get(runner);
    if (open) return open;
    const entities: ObjectLiteral[] = [];
    const related = nextTurn().then(() => {
      batches.delete(runner);
      const core = this.core();
      const access: ShardAccess = runner ? new RunnerAccess(runner, core) : core.access;
      return loaderOf(new CallRouter(core, access, PROVED)).related(relation, [...new Set(entities)], {});
    });
    const batch = { entities, related };
    batches.set(runner, batch);
    return batch;
  }
}

/** After the promises that are settled already: what they set off belongs to the same batch. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
