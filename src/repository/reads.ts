import type { EntityManager, EntityTarget, FindManyOptions, FindOneOptions, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { ScatterUnsupportedError } from '../errors';
import { cloneOptions } from '../query';
import type { CallRoute, CallRouter } from './call-router';

type Target = EntityTarget<ObjectLiteral>;
type Where = FindOptionsWhere<ObjectLiteral> | FindOptionsWhere<ObjectLiteral>[] | undefined;

/** How a read is answered: by nothing, by one shard, or by several whose answers are put together. */
interface Read<T> {
  readonly operation: string;
  /** The answer when no shard can have one. */
  readonly none: () => T;
  readonly call: (manager: EntityManager, target: Target, options: FindManyOptions<ObjectLiteral>) => Promise<T>;
  readonly merge: (answers: readonly T[]) => T;
  /** What the read cannot do over several shards, for these options; undefined when it can. */
  readonly unsupported: (options: FindManyOptions<ObjectLiteral>, route: CallRoute) => string | undefined;
}

/** The reading calls of a manager. */
export class Reads {
  constructor(readonly router: () => CallRouter) {}

  find(target: Target, options: FindManyOptions<ObjectLiteral> = {}): Promise<ObjectLiteral[]> {
    return this.#read(target, options, FIND);
  }

  findAndCount(target: Target, options: FindManyOptions<ObjectLiteral> = {}): Promise<[ObjectLiteral[], number]> {
    return this.#read(target, options, FIND_AND_COUNT);
  }

  /** Over several shards any matching row is the answer, as it is in one database without an order. */
  findOne(target: Target, options: FindOneOptions<ObjectLiteral>): Promise<ObjectLiteral | null> {
    return this.#read(target, options, FIND_ONE);
  }

  /** As {@link findOne}. */
  findOneBy(target: Target, where: Where): Promise<ObjectLiteral | null> {
    return this.#read(target, { where } as FindManyOptions<ObjectLiteral>, FIND_ONE_BY);
  }

  count(target: Target, options: FindManyOptions<ObjectLiteral> = {}): Promise<number> {
    return this.#read(target, options, COUNT);
  }

  exists(target: Target, options: FindManyOptions<ObjectLiteral> = {}): Promise<boolean> {
    return this.#read(target, options, EXISTS);
  }

  aggregate(operation: 'sum' | 'average' | 'minimum' | 'maximum', target: Target, column: string, where: Where): Promise<number | null> {
    return this.#read<number | null>(
      target,
      { ...(where !== undefined && { where }) },
      {
        operation,
        none: () => null,
        call: (manager, entity, each) => manager[operation](entity, column as never, each.where as never),
        merge: (answers) => combine(operation, answers),
        unsupported: () => (operation === 'average' ? 'an average' : undefined),
      },
    );
  }

  /** Not `async` itself: one promise less for the calls that go to one shard, which are most. */
  #read<T>(target: Target, options: FindManyOptions<ObjectLiteral>, read: Read<T>): Promise<T> {
    try {
      const router = this.router();
      const route = router.read(target, { kind: 'where', where: options.where as ObjectLiteral | readonly ObjectLiteral[] | undefined });
      const [only, other] = route.shards;
      if (!only || other) return scatter(router, route, options, read);
      return router.accessTo(route).run(only, (manager) => read.call(manager, route.sharding.metadata.target, cloneOptions(options)));
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

async function scatter<T>(router: CallRouter, route: CallRoute, options: FindManyOptions<ObjectLiteral>, read: Read<T>): Promise<T> {
  if (route.shards.length === 0) return read.none();
  const { name, target } = route.sharding.metadata;
  const feature = read.unsupported(options, route);
  if (feature !== undefined) throw new ScatterUnsupportedError(name, read.operation, feature);
  const call = (manager: EntityManager) => read.call(manager, target, cloneOptions(options));
  return read.merge(await router.accessTo(route).runAll(read.operation, route.shards, call));
}

const FIND: Read<ObjectLiteral[]> = {
  operation: 'find',
  none: () => [],
  call: (manager, entity, options) => manager.find(entity, options),
  merge: (answers) => answers.flat(),
  unsupported: listFeature,
};

const FIND_AND_COUNT: Read<[ObjectLiteral[], number]> = {
  operation: 'findAndCount',
  none: () => [[], 0],
  call: (manager, entity, options) => manager.findAndCount(entity, options),
  merge: (answers) => [answers.flatMap(([rows]) => rows), answers.reduce((sum, [, count]) => sum + count, 0)],
  unsupported: listFeature,
};

const FIND_ONE: Read<ObjectLiteral | null> = {
  operation: 'findOne',
  none: () => null,
  call: (manager, entity, options) => manager.findOne(entity, options),
  merge: (answers) => answers.find((row) => row !== null) ?? null,
  unsupported: listFeature,
};

/** Not by TypeORM's `findOne`, which takes markedly longer over the same statement. */
const FIND_ONE_BY: Read<ObjectLiteral | null> = {
  ...FIND_ONE,
  call: (manager, entity, { where }) => manager.findOneBy(entity, where as FindOptionsWhere<ObjectLiteral>),
};

const COUNT: Read<number> = {
  operation: 'count',
  none: () => 0,
  call: (manager, entity, options) => manager.count(entity, options),
  merge: (answers) => answers.reduce((sum, count) => sum + count, 0),
  unsupported: () => undefined,
};

const EXISTS: Read<boolean> = {
  operation: 'exists',
  none: () => false,
  call: (manager, entity, options) => manager.exists(entity, options),
  merge: (answers) => answers.includes(true),
  unsupported: ({ skip }) => (skip ? 'skip' : undefined),
};

/** What of find options needs a global order, a page or one connection. */
function listFeature(options: FindManyOptions<ObjectLiteral>, { sharding }: CallRoute): string | undefined {
  if (isGiven(options.order) || isGiven(sharding.metadata.orderBy)) return 'an order';
  if (options.skip !== undefined) return 'skip';
  if (options.take !== undefined) return 'take';
  return options.lock === undefined ? undefined : 'a lock';
}

function isGiven(order: object | undefined): boolean {
  return order !== undefined && Object.keys(order).length > 0;
}

function combine(operation: string, answers: readonly (number | null)[]): number | null {
  const numbers = answers.filter((answer) => answer !== null);
  if (numbers.length === 0) return null;
  if (operation === 'sum') return numbers.reduce((sum, each) => sum + each, 0);
  return operation === 'minimum' ? Math.min(...numbers) : Math.max(...numbers);
}
