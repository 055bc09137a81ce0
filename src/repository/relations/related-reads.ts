import type { EntityTarget, FindManyOptions, FindOneOptions, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { CallRouter } from '../call-router';
import { Reads } from '../reads';
import { PROVED } from '../scope';
import { RelatedLoader } from './related-loader';
import { planRelations, type RelationPlan } from './relation-plan';

type Target = EntityTarget<ObjectLiteral>;
type Many = FindManyOptions<ObjectLiteral>;
type Where = FindOptionsWhere<ObjectLiteral> | FindOptionsWhere<ObjectLiteral>[] | undefined;

/**
 * The reading calls of a manager, with relations that leave their group: these are taken out of the options, and loaded once the
 * entities are there. Calls on entities without such relations are passed on as they are.
 */
export class RelatedReads {
  readonly #reads: Reads;

  constructor(readonly router: () => CallRouter) {
    this.#reads = new Reads(router);
  }

  find(target: Target, options: Many = {}): Promise<ObjectLiteral[]> {
    const plain = () => this.#reads.find(target, options);
    return this.#with('find', target, options, plain, async (plan) => this.attach(plan, await this.#reads.find(target, plan.options)));
  }

  findAndCount(target: Target, options: Many = {}): Promise<[ObjectLiteral[], number]> {
    const plain = () => this.#reads.findAndCount(target, options);
    return this.#with('findAndCount', target, options, plain, async (plan) => {
      const [found, count] = await this.#reads.findAndCount(target, plan.options);
      return [await this.attach(plan, found), count];
    });
  }

  findOne(target: Target, options: FindOneOptions<ObjectLiteral>): Promise<ObjectLiteral | null> {
    const plain = () => this.#reads.findOne(target, options);
    return this.#with('findOne', target, options, plain, async (plan) => {
      const found = await this.#reads.findOne(target, plan.options);
      return found && ((await this.attach(plan, [found]))[0] as ObjectLiteral);
    });
  }

  findOneBy(target: Target, where: Where): Promise<ObjectLiteral | null> {
    if (this.#isPlain(target)) return this.#reads.findOneBy(target, where);
    const plain = () => this.#reads.findOneBy(target, where);
    return this.#with('findOneBy', target, { where: where as never }, plain, async (plan) => {
      const found = await this.#reads.findOneBy(target, plan.options.where as Where);
      return found && ((await this.attach(plan, [found]))[0] as ObjectLiteral);
    });
  }

  count(target: Target, options: Many = {}): Promise<number> {
    const plain = () => this.#reads.count(target, options);
    return this.#with('count', target, options, plain, (plan) => this.#reads.count(target, plan.options));
  }

  exists(target: Target, options: Many = {}): Promise<boolean> {
    const plain = () => this.#reads.exists(target, options);
    return this.#with('exists', target, options, plain, (plan) => this.#reads.exists(target, plan.options));
  }

  aggregate(operation: 'sum' | 'average' | 'minimum' | 'maximum', target: Target, column: string, where: Where): Promise<number | null> {
    const plain = () => this.#reads.aggregate(operation, target, column, where);
    const options = where === undefined ? {} : { where: where as never };
    return this.#with(operation, target, options, plain, (plan) =>
      this.#reads.aggregate(operation, target, column, plan.options.where as Where),
    );
  }

  /**
   * What a read asks of relations that leave their group, for calls that send the options themselves and {@link attach} the rest.
   *
   * @returns undefined when no such relation can be reached from the entity, so that the options can be used as they are.
   * @throws {LeavingRelationError} for options that need related rows beside the entity.
   */
  plan(operation: string, target: Target, options: Many): RelationPlan | undefined {
    const { core } = this.router();
    const { metadata } = core.shardingOf(target);
    const { leaving } = core.model;
    return leaving.canReach(metadata) ? planRelations(metadata, options, leaving, operation) : undefined;
  }

  /** Loads what the plan asks for, puts it on the entities and answers them. */
  async attach(plan: RelationPlan, found: ObjectLiteral[]): Promise<ObjectLiteral[]> {
    if (found.length > 0 && plan.branches.length + plan.ids.length > 0) await loaderOf(this.router()).attach(plan, found);
    return found;
  }

  /** Most entities have no such relation, and their calls go on without more ado. */
  #isPlain(target: Target): boolean {
    try {
      const { core } = this.router();
      const { leaving } = core.model;
      return leaving.isEmpty || !leaving.canReach(core.shardingOf(target).metadata);
    } catch {
      // The read itself says what is wrong, by a rejected promise.
      return true;
    }
  }

  #with<T>(
    operation: string,
    target: Target,
    options: Many,
    plain: () => Promise<T>,
    planned: (plan: RelationPlan) => Promise<T>,
  ): Promise<T> {
    try {
      const plan = this.plan(operation, target, options);
      return plan ? planned(plan) : plain();
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

/** A loader over all shards, whatever shard the calls of the router are bound to; a transaction stays on its own. Each of its finds may cost what the call may. */
export function loaderOf({ core, access, limits }: CallRouter): RelatedLoader {
  const router = new CallRouter(core, access, PROVED, limits);
  const reads = new RelatedReads(() => router);
  return new RelatedLoader(router, (target, options) => reads.find(target, options));
}
