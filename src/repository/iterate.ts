import { IsInt, IsOptional, Max, Min } from 'class-validator';
import type { EntityTarget, FindManyOptions, ObjectLiteral } from 'typeorm';
import type { ShardAccess } from '../cluster';
import { ConfigurationError } from '../errors';
import { faultsOf } from '../options';
import { iterateEntities } from '../scatter';
import { type CallRoute, CallRouter } from './call-router';
import { findRecipe } from './find-recipe';
import { RelatedReads } from './relations/related-reads';

/** What is iterated: TypeORM's find options, and how. */
export interface IterateOptions<Entity> extends Omit<FindManyOptions<Entity>, 'lock'> {
  /** How many rows one statement asks a shard for, and so how many of each shard are held; 1 to 100,000. @defaultValue 500 */
  readonly pageRows?: number;
  /** Ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Runs what reads a page, unless rows have begun to move since the iteration began. @param shard - one that is read. */
export type PageHold = <T>(shard: string, work: () => Promise<T>) => Promise<T>;

class IterateShape {
  @IsOptional() @IsInt() @Min(1) @Max(100_000) pageRows?: number;
}

/** Iterates lazily over what find options describe, from all shards that their conditions need. */
export function iterate(
  router: CallRouter,
  target: EntityTarget<ObjectLiteral>,
  { hold, ...options }: IterateOptions<ObjectLiteral> & { readonly hold: PageHold },
): AsyncIterableIterator<ObjectLiteral, void, undefined> {
  const { pageRows = 500, signal, ...find } = options;
  const faults = [...faultsOf(IterateShape, { pageRows }, 'iterate'), ...('lock' in options ? ['iterate takes no lock.'] : [])];
  if (faults.length > 0) throw new ConfigurationError(faults);
  // The signal ends what is asked for beside the pages, too.
  const limits = { ...router.limits, ...(signal && { signal }), maxRows: undefined };
  const paged = new CallRouter(router.core, router.access, router.scope, limits);
  const related = new RelatedReads(() => paged);
  const plan = related.plan('iterate', target, find as FindManyOptions<ObjectLiteral>);
  const own = plan?.options ?? (find as FindManyOptions<ObjectLiteral>);
  const route = router.read(target, { kind: 'where', where: own.where as ObjectLiteral | undefined });
  const { sharding, shards } = route;
  router.admitScatter('iterate', route);
  const recipe = findRecipe(router, route, own);
  const call = { operation: 'iterate', sharding, shards, access: pageAccess(paged, route, hold), recipe };
  const complete = plan && ((found: ObjectLiteral[]) => hold(shards[0]?.name ?? '', () => related.attach(plan, found)));
  return iterateEntities(call, { pageRows, signal, ...(complete && { complete }) });
}

/**
 * Each page of an iteration is a call of its own to the budget, since the consumer takes its time between them; the rows of all pages
 * together are not counted, since they are not held.
 */
function pageAccess(router: CallRouter, route: CallRoute, hold: PageHold): ShardAccess {
  const outer = router.accessTo(route);
  const page = <T>(shard: string, work: (access: ShardAccess) => Promise<T>) =>
    hold(shard, () => router.withinBudget('iterate', route, work));
  return {
    pinned: outer.pinned,
    maxRows: undefined,
    admit: (shards) => outer.admit(shards),
    admitRows: () => undefined,
    managerNow: (shard) => outer.managerNow(shard),
    run: (shard, call) => page(shard.name, (access) => access.run(shard, call)),
    runAll: (operation, shards, call) => page(shards[0]?.name ?? '', (access) => access.runAll(operation, shards, call)),
  };
}
