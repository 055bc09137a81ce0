import type { EntityManager, EntityTarget, FindManyOptions, FindOneOptions, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { ScatterUnsupportedError } from '../errors';
import { needsMask } from '../live';
import { cloneOptions } from '../query';
import { type ScatterCall, scatterAggregate, scatterCount, scatterExists, scatterMany, scatterManyAndCount, scatterOne } from '../scatter';
import type { CallRoute, CallRouter } from './call-router';
import { findRecipe } from './find-recipe';

type Target = EntityTarget<ObjectLiteral>;
type Where = FindOptionsWhere<ObjectLiteral> | FindOptionsWhere<ObjectLiteral>[] | undefined;

/** How a read is answered: by nothing, by one shard, or by several together. */
interface Read<T> {
  readonly operation: string;
  /** The answer when no shard can have one. */
  readonly none: () => T;
  readonly call: (manager: EntityManager, target: Target, options: FindManyOptions<ObjectLiteral>) => Promise<T>;
  readonly together: (call: ScatterCall, options: FindManyOptions<ObjectLiteral>) => Promise<T>;
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
        together: (call) => scatterAggregate(call, { fn: operation, column }),
      },
    );
  }

  /** Not `async` itself: one promise less for the calls that go to one shard, which are most. */
  #read<T>(target: Target, options: FindManyOptions<ObjectLiteral>, read: Read<T>): Promise<T> {
    try {
      const router = this.router();
      const route = router.read(target, { kind: 'where', where: options.where as ObjectLiteral | readonly ObjectLiteral[] | undefined });
      const [only, other] = route.shards;
      if (!only || other || needsMask(router.core, route.sharding)) return scatter(router, route, options, read);
      return router.accessTo(route).run(only, (manager) => read.call(manager, route.sharding.metadata.target, cloneOptions(options)));
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

async function scatter<T>(router: CallRouter, route: CallRoute, options: FindManyOptions<ObjectLiteral>, read: Read<T>): Promise<T> {
  if (route.shards.length === 0) return read.none();
  const { sharding, shards } = route;
  if (options.lock) throw new ScatterUnsupportedError(sharding.metadata.name, read.operation, 'a lock');
  const recipe = findRecipe(router, route, options);
  return router.scatter(read.operation, route, (access) =>
    read.together({ operation: read.operation, sharding, shards, access, recipe }, options),
  );
}

const FIND: Read<ObjectLiteral[]> = {
  operation: 'find',
  none: () => [],
  call: (manager, entity, options) => manager.find(entity, options),
  together: scatterMany,
};

const FIND_AND_COUNT: Read<[ObjectLiteral[], number]> = {
  operation: 'findAndCount',
  none: () => [[], 0],
  call: (manager, entity, options) => manager.findAndCount(entity, options),
  together: scatterManyAndCount,
};

const FIND_ONE: Read<ObjectLiteral | null> = {
  operation: 'findOne',
  none: () => null,
  call: (manager, entity, options) => manager.findOne(entity, options),
  together: async (call, { where }) => {
    // TypeORM's own check, which it makes before it builds anything.
    if (!where) throw new Error('You must provide selection conditions in order to find a single row.');
    return scatterOne(call);
  },
};

/** Not by TypeORM's `findOne`, which takes markedly longer over the same statement. */
const FIND_ONE_BY: Read<ObjectLiteral | null> = {
  ...FIND_ONE,
  call: (manager, entity, { where }) => manager.findOneBy(entity, where as FindOptionsWhere<ObjectLiteral>),
  together: scatterOne,
};

const COUNT: Read<number> = {
  operation: 'count',
  none: () => 0,
  call: (manager, entity, options) => manager.count(entity, options),
  together: scatterCount,
};

const EXISTS: Read<boolean> = {
  operation: 'exists',
  none: () => false,
  call: (manager, entity, options) => manager.exists(entity, options),
  together: scatterExists,
};
