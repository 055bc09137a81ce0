import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Aggregate, BuilderCall } from './builder-calls';
import { conditionText } from './condition-text';
import { toWhere } from './conditions';
import type { OracleEntities } from './entities';
import { toStored } from './rows';

/** The alias of the builder's entity in every call. */
const ALIAS = 't';

/** Runs a builder call to its end. */
export function runBuilder(manager: EntityManager, call: BuilderCall, entities: OracleEntities): Promise<unknown> {
  const builder = manager.getRepository(entities.targets[call.entity]).createQueryBuilder(ALIAS);
  if (call.operation.startsWith('execute')) return runExecute(builder, call);
  const select = selectOf(builder, call);
  switch (call.operation) {
    case 'grouped':
    case 'distinct':
      return select.getRawMany();
    default:
      return select[call.operation as 'getMany']();
  }
}

function selectOf(builder: SelectQueryBuilder<ObjectLiteral>, call: BuilderCall): SelectQueryBuilder<ObjectLiteral> {
  if (call.columns) selectColumns(builder, call);
  for (const relation of call.joins ?? []) builder.leftJoinAndSelect(`${ALIAS}.${relation}`, relation);
  addWhere(builder, call, `${ALIAS}.`);
  if (call.operation === 'grouped') group(builder, call);
  for (const { path, direction, nulls } of call.order ?? []) {
    builder.addOrderBy(`${ALIAS}.${path}`, direction, nulls && `NULLS ${nulls}`);
  }
  const { page } = call;
  // A page of groups is one only in an order that tells all of them apart.
  const isGrouped = call.operation === 'grouped' || call.operation === 'distinct';
  for (const [index, property] of (isGrouped && page ? (call.columns ?? []) : []).entries()) {
    builder.addOrderBy(`${ALIAS}.${property}`, index % 2 === 0 ? 'DESC' : 'ASC');
  }
  if (page?.by === 'take') builder.take(page.take).skip(page.skip);
  if (page?.by === 'limit') builder.limit(page.take).offset(page.skip);
  return builder;
}

function selectColumns(builder: SelectQueryBuilder<ObjectLiteral>, { columns = [], aggregates = [], operation }: BuilderCall): void {
  builder.select([]);
  for (const property of columns) builder.addSelect(`${ALIAS}.${property}`, property);
  for (const aggregate of aggregates) builder.addSelect(expressionOf(aggregate), aggregate.alias);
  if (operation === 'distinct') builder.distinct(true);
}

function group(builder: SelectQueryBuilder<ObjectLiteral>, { columns = [], having }: BuilderCall): void {
  for (const property of columns) builder.addGroupBy(`${ALIAS}.${property}`);
  if (having) builder.having(`${expressionOf(having.aggregate)} >= :least`, { least: having.least });
}

function expressionOf({ name, column }: Aggregate): string {
  const argument = column === undefined ? '*' : `${ALIAS}.${column}`;
  return name === 'count distinct' ? `COUNT(DISTINCT ${argument})` : `${name.toUpperCase()}(${argument})`;
}

function runExecute(builder: SelectQueryBuilder<ObjectLiteral>, call: BuilderCall): Promise<unknown> {
  switch (call.operation) {
    case 'execute insert':
      return builder
        .insert()
        .values((call.rows ?? []).map(toStored))
        .execute();
    case 'execute update':
      return addWhere(builder.update().set(toStored(call.values ?? {})), call, '').execute();
    case 'execute delete':
      return addWhere(builder.delete(), call, '').execute();
    case 'execute softDelete':
      return addWhere(builder.softDelete(), call, '').execute();
    default:
      return addWhere(builder.restore(), call, '').execute();
  }
}

interface WithWhere {
  where(condition: string | ObjectLiteral | ObjectLiteral[], parameters?: ObjectLiteral): unknown;
}

/** @param prefix - what names the table in SQL text; statements that write have none. */
function addWhere<B extends WithWhere>(builder: B, { where, form }: BuilderCall, prefix: string): B {
  if (where && form === 'object') builder.where(toWhere(where));
  if (where && form === 'text') {
    const { sql, parameters } = conditionText(where, prefix);
    builder.where(sql, parameters);
  }
  return builder;
}
