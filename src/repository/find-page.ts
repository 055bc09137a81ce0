import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import type { EntityTarget, FindManyOptions, ObjectLiteral } from 'typeorm';
import { ConfigurationError } from '../errors';
import { faultsOf } from '../options';
import { whereShape } from '../query';
import { type Page, scatterPage } from '../scatter';
import type { CallRouter } from './call-router';
import { findRecipe } from './find-recipe';
import { RelatedReads } from './relations/related-reads';

/** A page of an ordered list: TypeORM's find options, and which page. */
export interface FindPageOptions<Entity> extends Omit<FindManyOptions<Entity>, 'skip' | 'take' | 'lock'> {
  /** How many rows the page has at most; 1 to 10,000. */
  readonly limit: number;
  /** The `next` of another page: the rows that follow it. */
  readonly after?: string | null;
  /** The `previous` of another page: the rows that precede it. Not together with `after`. */
  readonly before?: string | null;
}

class PageShape {
  @IsInt() @Min(1) @Max(10_000) limit!: number;
  @IsOptional() @IsString() after?: string;
  @IsOptional() @IsString() before?: string;
}

/** Reads a page by keyset pagination from all shards that its conditions need. */
export async function findPage(
  router: CallRouter,
  target: EntityTarget<ObjectLiteral>,
  options: FindPageOptions<ObjectLiteral>,
): Promise<Page<ObjectLiteral>> {
  refuseFaults(options);
  const { limit, after, before, ...find } = options;
  const related = new RelatedReads(() => router);
  const plan = related.plan('findPage', target, find as FindManyOptions<ObjectLiteral>);
  const own = plan?.options ?? (find as FindManyOptions<ObjectLiteral>);
  const where = own.where as ObjectLiteral | undefined;
  const route = router.read(target, { kind: 'where', where });
  const { sharding, shards } = route;
  if (shards.length === 0) return { rows: [], next: null, previous: null };
  const recipe = findRecipe(router, route, own);
  const page = await router.scatter('findPage', route, (access) =>
    scatterPage(
      { operation: 'findPage', sharding, shards, access, recipe },
      {
        limit,
        ...(typeof after === 'string' && { after }),
        ...(typeof before === 'string' && { before }),
        where: whereShape(where),
        secret: router.core.options.cursorSecret,
      },
    ),
  );
  return plan ? { ...page, rows: await related.attach(plan, page.rows) } : page;
}

function refuseFaults(options: FindPageOptions<ObjectLiteral>): void {
  const unusable = (['skip', 'take', 'lock'] as const).filter((name) => name in options);
  const faults = [
    ...faultsOf(PageShape, { limit: options.limit, after: options.after, before: options.before }, 'findPage'),
    ...(options.after && options.before ? ['findPage takes after or before, not both.'] : []),
    ...unusable.map((name) => `findPage takes no ${name}; limit, after and before say which rows are meant.`),
  ];
  if (faults.length > 0) throw new ConfigurationError(faults);
}
