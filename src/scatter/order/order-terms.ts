import type { EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { Alias } from 'typeorm/query-builder/Alias';

type Builder = SelectQueryBuilder<ObjectLiteral>;

/** One column by which a builder's rows are ordered. */
export interface OrderTerm {
  /** The column as users name it, from the main entity: `createdAt`, `country.name`. */
  readonly name: string;
  /** The alias of the table that the column belongs to. */
  readonly alias: string;
  /** The column in SQL, with its alias. */
  readonly expression: string;
  readonly metadata: EntityMetadata;
  readonly column: ColumnMetadata;
  readonly descending: boolean;
  readonly nulls?: 'NULLS FIRST' | 'NULLS LAST';
  /** Whether the column belongs to a joined table, so that it can be NULL whatever it declares. */
  readonly isJoined: boolean;
  /** Whether an entity can have several values of it, because it belongs to a to-many relation. */
  readonly isToMany: boolean;
}

/** What a builder's order was read as. */
export interface TermReading {
  /** The order up to where it is unique: the builder's own terms, then what is missing of the primary key. */
  readonly terms: readonly OrderTerm[];
  /** How many of the terms are the builder's own. */
  readonly given: number;
  /** Places among the terms of the main entity's primary key, in the order of its columns. */
  readonly keyPlaces: readonly number[];
  /** The terms that are no columns, as the builder has them; rows cannot be merged by these. */
  readonly expressions: readonly string[];
}

/**
 * Reads by which columns a builder orders its rows, and completes them by the primary key in the direction of the last term, so that
 * no two rows are equal. (A mixed direction would keep the database from using an index on the column and the primary key.)
 */
export function readOrder(builder: Builder): TermReading {
  const terms: OrderTerm[] = [];
  const expressions: string[] = [];
  for (const [sort, order] of Object.entries(builder.expressionMap.allOrderBys)) {
    const found = columnOf(builder, sort);
    if (found) terms.push(termOf(builder, found, typeof order === 'string' ? { order } : order));
    else expressions.push(sort);
    if (isUnique(builder, terms)) break;
  }
  const given = terms.length;
  terms.push(...missingKeys(builder, terms));
  const { metadata } = mainOf(builder);
  return { terms, given, expressions, keyPlaces: metadata.primaryColumns.map((key) => placeOf(terms, metadata, key)) };
}

interface FoundColumn {
  readonly alias: Alias;
  readonly column: ColumnMetadata;
}

function columnOf(builder: Builder, sort: string): FoundColumn | undefined {
  const { aliases, selects } = builder.expressionMap;
  // A name of a selection is what SQL takes it for first.
  const path = selects.find(({ aliasName }) => aliasName === sort)?.selection ?? sort;
  const alias = aliases.find(({ name }) => path.startsWith(`${name}.`));
  if (!alias?.hasMetadata) return undefined;
  const property = path.slice(alias.name.length + 1);
  const { metadata } = alias;
  const column = metadata.findColumnWithPropertyPath(property) ?? metadata.findColumnWithDatabaseName(property);
  return column && !column.isVirtualProperty ? { alias, column } : undefined;
}

interface GivenOrder {
  readonly order: 'ASC' | 'DESC';
  readonly nulls?: OrderTerm['nulls'];
}

function termOf(builder: Builder, { alias, column }: FoundColumn, { order, nulls }: GivenOrder): OrderTerm {
  const isMain = alias === builder.expressionMap.mainAlias;
  return {
    name: `${pathOf(builder, alias.name)}${column.propertyPath}`,
    alias: alias.name,
    expression: `${builder.escape(alias.name)}.${builder.escape(column.databaseName)}`,
    metadata: alias.metadata,
    column,
    descending: order === 'DESC',
    ...(nulls && { nulls }),
    isJoined: !isMain,
    isToMany: !isMain && isToMany(builder, alias.name),
  };
}

/** The way from the main entity to an alias by relations, as users write it: `country.`. */
function pathOf(builder: Builder, alias: string): string {
  const { joinAttributes, mainAlias } = builder.expressionMap;
  if (alias === mainAlias?.name) return '';
  const join = joinAttributes.find((each) => each.alias.name === alias);
  return join?.relation ? `${pathOf(builder, join.parentAlias ?? '')}${join.relation.propertyPath}.` : `${alias}.`;
}

/** The alias can have several rows for one of the main entity, as far as the relations on the way to it tell. */
function isToMany(builder: Builder, alias: string): boolean {
  const { joinAttributes, mainAlias } = builder.expressionMap;
  if (alias === mainAlias?.name) return false;
  const join = joinAttributes.find((each) => each.alias.name === alias);
  if (!join?.relation || join.relation.isOneToMany || join.relation.isManyToMany) return true;
  return isToMany(builder, join.parentAlias ?? '');
}

/** Whether a builder joins anything that can have several rows for one of the main entity. */
export function joinsToMany(builder: Builder): boolean {
  return builder.expressionMap.joinAttributes.some(({ alias }) => isToMany(builder, alias.name));
}

function isUnique(builder: Builder, terms: readonly OrderTerm[]): boolean {
  const { metadata } = mainOf(builder);
  return metadata.primaryColumns.length > 0 && metadata.primaryColumns.every((key) => placeOf(terms, metadata, key) >= 0);
}

function missingKeys(builder: Builder, terms: readonly OrderTerm[]): readonly OrderTerm[] {
  const alias = mainOf(builder);
  const order = terms.at(-1)?.descending ? 'DESC' : 'ASC';
  const missing = alias.metadata.primaryColumns.filter((key) => placeOf(terms, alias.metadata, key) < 0);
  return missing.map((column) => termOf(builder, { alias, column }, { order }));
}

function placeOf(terms: readonly OrderTerm[], metadata: EntityMetadata, column: ColumnMetadata): number {
  return terms.findIndex((term) => term.column === column && term.metadata === metadata && !term.isToMany);
}

function mainOf(builder: Builder): Alias {
  const { mainAlias } = builder.expressionMap;
  if (!mainAlias?.hasMetadata) throw new TypeError('The builder selects from no entity.');
  return mainAlias;
}
