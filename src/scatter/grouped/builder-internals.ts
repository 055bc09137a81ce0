import type { EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { QueryExpressionMap } from 'typeorm/query-builder/QueryExpressionMap';

/** A select as TypeORM writes it. */
export interface RawSelect {
  readonly selection: string;
  readonly aliasName?: string;
}

/** Members of TypeORM's select builder that are protected: they make the pieces of its SQL, which are taken here one by one. */
export interface BuilderInternals {
  readonly expressionMap: QueryExpressionMap;
  buildEscapedEntityColumnSelects(alias: string, metadata: EntityMetadata): readonly RawSelect[];
  findEntityColumnSelects(alias: string, metadata: EntityMetadata): readonly RawSelect[];
  createHavingExpression(): string;
  createLimitOffsetExpression(): string;
  replacePropertyNamesForTheWholeQuery(statement: string): string;
}

/** The builder with its protected members in reach. */
export function internalsOf(builder: SelectQueryBuilder<ObjectLiteral>): BuilderInternals {
  return builder as unknown as BuilderInternals;
}

/** What a builder is made to select instead of what it did. */
export interface Reshaped {
  readonly selects: readonly RawSelect[];
  readonly groupBys?: readonly string[];
  /** Whether to read no row at all, only their types. */
  readonly isEmpty?: boolean;
}

/** Keeps tables, joins and conditions of a builder, and gives it other selects and groups, without having, order and page. */
export function reshape(builder: SelectQueryBuilder<ObjectLiteral>, { selects, groupBys = [], isEmpty }: Reshaped): void {
  const map = builder.expressionMap;
  map.selects = selects.map(({ selection, aliasName }) => (aliasName === undefined ? { selection } : { selection, aliasName }));
  map.selectDistinct = false;
  map.groupBys = [...groupBys];
  map.havings = [];
  map.orderBys = {};
  builder.setOption('disable-global-order');
  map.offset = map.skip = map.take = undefined;
  map.limit = isEmpty ? 0 : undefined;
}
