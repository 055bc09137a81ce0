import type { EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import type { EntitySharding } from '../../metadata';
import type { SqlCondition, SqlDialect } from '../../query';
import type { CallRouter } from '../call-router';
import type { AnyBuilder, Recorded } from './recording';

/** A routed builder at the moment when it is run. */
export interface Built extends Recorded {
  readonly router: CallRouter;
}

/** The members of TypeORM's builders that are protected, since only subclasses should need them. */
interface Protected {
  createWhereExpression(): string;
  replacePropertyNamesForTheWholeQuery(statement: string): string;
}

/** The entity that a builder reads or writes; undefined for a table or a sub-query. */
export function mainEntity({ expressionMap }: AnyBuilder): EntityMetadata | undefined {
  return expressionMap.mainAlias?.hasMetadata ? expressionMap.mainAlias.metadata : undefined;
}

/** How the entity of a builder is sharded; undefined when it has none. */
export function mainSharding({ mirror, router }: Built): EntitySharding | undefined {
  const metadata = mainEntity(mirror);
  return metadata && router.core.model.entities.get(metadata);
}

/** By what TypeORM finds an entity; tables of many-to-many relations have no class. */
export function targetOf({ target, tableName }: EntityMetadata): EntityTarget<ObjectLiteral> {
  return target || tableName;
}

/** The whole WHERE of a builder, as the cluster's own data source would write it. */
export function conditionOf(mirror: AnyBuilder): SqlCondition {
  const { createWhereExpression } = mirror as unknown as Protected;
  const { expressionMap } = mirror;
  const text = withColumnNames(mirror, createWhereExpression.call(mirror)).trim();
  return {
    text: text.replace(/^WHERE /, ''),
    parameters: mirror.getParameters(),
    dialect: dialectOf(mirror),
    alias: expressionMap.mainAlias?.name ?? '',
    // A clone holds its aliases twice. Only a select can join.
    isAlone: expressionMap.queryType !== 'select' || new Set(expressionMap.aliases.map(({ name }) => name)).size === 1,
  };
}

/** A text with the names of columns in place of those of properties. */
export function withColumnNames(mirror: AnyBuilder, text: string): string {
  return (mirror as unknown as Protected).replacePropertyNamesForTheWholeQuery(` ${text}`);
}

/** How the database of a builder writes SQL. */
export function dialectOf({ dataSource }: AnyBuilder): SqlDialect {
  const { type } = dataSource.options;
  return type === 'mysql' || type === 'mariadb' || type === 'postgres' ? type : 'sqlite';
}
