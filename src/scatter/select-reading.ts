import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ShardHandle } from '../cluster';
import { ScatterUnsupportedError } from '../errors';
import { joinsToMany, type OrderReading, readOrder } from './order';
import type { ScatterCall } from './scatter-call';
import { limitsJoinedRows, type PageBounds, pageOf } from './unpaged';

/** What of a call's builder decides how it is answered. */
export interface SelectReading {
  readonly page: PageBounds;
  readonly isOrdered: boolean;
  readonly joinsToMany: boolean;
  /** Whether entities are complete with their one row: nothing is joined to many, and no relation is loaded by itself. */
  readonly isOneRowEach: boolean;
  /** Whether relations or their ids are loaded by statements of their own. */
  readonly loadsMore: boolean;
  /** Whether listeners and subscribers are told of loaded entities. */
  readonly callListeners: boolean;
  /** Whether TypeORM would count different values of selected columns rather than rows, and several shards can have the same. */
  readonly countsDistinct: boolean;
  readonly order: OrderReading;
}

/**
 * Looks at the builder of one shard; those of the others say the same.
 *
 * @throws {ScatterUnsupportedError} for a lock, or a limit over joined rows.
 */
export async function readSelect(call: ScatterCall): Promise<SelectReading> {
  const shard = call.shards[0] as ShardHandle;
  const manager = call.access.managerNow(shard);
  if (manager) return readOn(call, manager);
  return call.access.run(shard, async (opened) => readOn(call, opened));
}

function readOn(call: ScatterCall, manager: EntityManager): SelectReading {
  const builder = call.recipe(manager);
  const { expressionMap } = builder;
  if (expressionMap.lockMode !== undefined) throw unsupported(call, 'a lock');
  if (limitsJoinedRows(builder)) throw unsupported(call, 'limit or offset over joined rows (skip and take count entities)');
  const isToMany = joinsToMany(builder);
  const { relationLoadStrategy, relationIdAttributes, useTransaction } = expressionMap;
  const loadsMore = relationLoadStrategy === 'query' || relationIdAttributes.length > 0 || useTransaction;
  return {
    page: pageOf(builder),
    isOrdered: Object.keys(expressionMap.allOrderBys).length > 0,
    joinsToMany: isToMany,
    isOneRowEach: !isToMany && !loadsMore && call.sharding.metadata.primaryColumns.length > 0,
    loadsMore,
    callListeners: expressionMap.callListeners,
    countsDistinct: countsDistinct(builder),
    order: { ...readOrder(builder), manager },
  };
}

/** What TypeORM keeps to itself of how it counts. */
interface Counting {
  readonly findOptions: { readonly select?: unknown };
  computeSelectedColumnExpressions(): readonly string[];
  computeCountExpression(): string;
}

/** The expression by which TypeORM counts a builder's rows. */
export function countExpression(builder: SelectQueryBuilder<ObjectLiteral>): string {
  return (builder as unknown as Counting).computeCountExpression();
}

function countsDistinct(builder: SelectQueryBuilder<ObjectLiteral>): boolean {
  const counting = builder as unknown as Counting;
  if (!counting.findOptions.select) return false;
  const selected = counting.computeSelectedColumnExpressions();
  const keys = builder.expressionMap.mainAlias?.metadata.primaryColumns ?? [];
  const isKeyed = keys.every(({ databaseName }) => selected.includes(`${builder.escape(builder.alias)}.${builder.escape(databaseName)}`));
  return selected.length > 0 && !isKeyed;
}

/** The refusal of a feature by its name. */
export function unsupported({ sharding, operation }: ScatterCall, feature: string): ScatterUnsupportedError {
  return new ScatterUnsupportedError(sharding.metadata.name, operation, feature);
}
