import type { ObjectLiteral, QueryRunner } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import type { ActiveContext, ClusterCore, ShardAccess } from '../../cluster';
import { guarded, type LiveTopology } from '../../live';
import { CallRouter } from '../call-router';
import { PROVED } from '../scope';
import { LazyPromise } from './lazy-promise';
import { loaderOf } from './related-reads';
import { RunnerAccess } from './runner-access';

/** Entities whose relation is to be loaded together. */
interface Batch {
  readonly runner: QueryRunner | undefined;
  readonly context: ActiveContext | undefined;
  readonly entities: ObjectLiteral[];
  readonly related: Promise<ReadonlyMap<ObjectLiteral, readonly ObjectLiteral[]>>;
}

/**
 * Loads lazy relations that leave their group. What is asked for in one turn of the event loop, by `Promise.all` for example, is
 * loaded together: one find for each relation, however many entities there are. Contexts of `within()` do not share one.
 */
export class LazyBatches {
  readonly #open = new Map<RelationMetadata, Set<Batch>>();

  constructor(readonly live: () => LiveTopology) {}

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
    for (const entity of entities) this.live().core.related.remember(relation, entity, related.get(entity) ?? []);
    return entities.flatMap((entity) => related.get(entity) ?? []);
  }

  #batch(relation: RelationMetadata, runner: QueryRunner | undefined): Batch {
    const { core } = this.live();
    const context = core.contexts.current;
    const batches = this.#open.get(relation) ?? new Set<Batch>();
    this.#open.set(relation, batches);
    for (const open of batches) if (open.runner === runner && open.context === context) return open;
    const entities: ObjectLiteral[] = [];
    const related = nextTurn().then(() => {
      batches.delete(batch);
      const on = (routed: ClusterCore, access: ShardAccess) =>
        loaderOf(new CallRouter(routed, access, PROVED, context?.limits)).related(relation, [...new Set(entities)], {});
      return runner ? on(core, new RunnerAccess(runner, core)) : guarded(this.live(), { operation: 'find', kind: 'read' }, on);
    });
    const batch: Batch = { runner, context, entities, related };
    batches.add(batch);
    return batch;
  }
}

/** After the promises that are settled already: what they set off belongs to the same batch. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
