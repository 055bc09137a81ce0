import type { ShardHandle } from '../../cluster';
import { ShardRequiredError } from '../../errors';
import { EntityKeys } from '../entity-keys';
import { type Built, mainSharding } from './built';
import { namedByRunner, namedRoute, readRoute } from './built-route';
import { valueSetsOf } from './insert';
import { type AnyBuilder, replay } from './recording';

/** The members that answer with SQL, by name. They answer with that of the one shard that is proved, which must be open. */
export const TEXTS: ReadonlyMap<string, (built: Built) => unknown> = new Map(
  (['getQuery', 'getSql', 'getQueryAndParameters'] as const).map((member) => [
    member,
    (built: Built) => textBuilder(built, member)[member](),
  ]),
);

function textBuilder(built: Built, member: string): AnyBuilder {
  if (isSubQuery(built) && sharesTableNames(built)) return built.mirror;
  const shards = shardsOf(built);
  const [only] = shards;
  const manager = only && shards.length === 1 ? (built.router.access.managerNow(only) ?? only.current?.manager) : undefined;
  if (manager) return replay(built.recording, manager);
  throw new ShardRequiredError(
    `${member}() of a query builder`,
    isSubQuery(built)
      ? 'a callback, (qb) => qb.subQuery()…, since the tables of partitions have names of their own'
      : 'conditions that prove one shard key, forKey(…) or onShard(name), and an open shard',
  );
}

function isSubQuery({ mirror }: Built): boolean {
  return mirror.expressionMap.subQuery;
}

/** Whether the text of a sub-query is the same on every shard. */
function sharesTableNames({ router }: Built): boolean {
  const own = ['namingStrategy', 'entityPrefix', 'schema'];
  return [...router.core.shards.values()].every(
    ({ options: { suffix, connection } }) => suffix === '' && !own.some((name) => name in connection),
  );
}

function shardsOf(built: Built): readonly ShardHandle[] {
  const { queryType, insertFromSelect } = built.mirror.expressionMap;
  if (queryType === 'relation') return namedRoute(built, 'getQuery() of a relation').shards;
  const sharding = mainSharding(built);
  if (queryType !== 'insert' || sharding?.kind !== 'sharded' || namedByRunner(built) || insertFromSelect) return readRoute(built).shards;
  const keys = new EntityKeys(built.router.core, built.router.scope);
  return [...new Set(valueSetsOf(built).map((row) => keys.shardOfInsert(sharding, row)))];
}
