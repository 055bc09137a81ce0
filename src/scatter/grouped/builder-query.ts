import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Alias } from 'typeorm/query-builder/Alias';
import type { ScatterUnsupportedError } from '../../errors';
import { type BuilderInternals, internalsOf, type RawSelect } from './builder-internals';
import { type ColumnPart, canonicalOf, type Expression, readExpression, type Scope } from './expression';
import type { SqlFamily } from './sql-tokens';

/** A selected expression, and the name that its values have in the answer. */
export interface SelectItem {
  readonly expression: Expression;
  readonly alias: string;
}

/** What an order goes by: a selected value by its name, or an expression. */
export interface OrderItem {
  readonly by: { readonly alias: string } | { readonly expression: Expression };
  /** `ASC`, `DESC NULLS LAST`. */
  readonly direction: string;
}

/** What a builder asks for, read as expressions. */
export interface GroupedQuery {
  readonly selects: readonly SelectItem[];
  readonly isDistinct: boolean;
  readonly groupBys: readonly Expression[];
  readonly having: Expression | undefined;
  readonly orders: readonly OrderItem[];
  /** ` LIMIT 5 OFFSET 2`, or nothing. */
  readonly page: string;
}

/** What reading a builder needs to know besides it. */
export interface ReadingOptions {
  readonly family: SqlFamily;
  refuse(feature: string): ScatterUnsupportedError;
}

/** Reads what a select builder asks for. @throws {ScatterUnsupportedError} for what cannot be merged over shards, by name. */
export function readBuilder(builder: SelectQueryBuilder<ObjectLiteral>, options: ReadingOptions): GroupedQuery {
  refuseFeatures(builder, options);
  return new BuilderReader(builder, options).read();
}

function refuseFeatures({ expressionMap }: SelectQueryBuilder<ObjectLiteral>, { refuse }: ReadingOptions): void {
  const present: readonly (readonly [feature: string, isPresent: boolean])[] = [
    ['DISTINCT ON', expressionMap.selectDistinctOn.length > 0],
    ['a common table expression', expressionMap.commonTableExpressions.length > 0],
    ['a lock', expressionMap.lockMode !== undefined],
    ['several tables in FROM', expressionMap.aliases.filter(({ type }) => type === 'from').length > 1],
    ['a sub-query', expressionMap.aliases.some(({ subQuery }) => subQuery !== undefined)],
    ['a table that is not an entity', expressionMap.aliases.some(({ type, hasMetadata }) => type !== 'other' && !hasMetadata)],
  ];
  const first = present.find(([, isPresent]) => isPresent);
  if (first) throw refuse(first[0]);
}

/** The word that some write into the first selection in place of calling `distinct()`. */
const DISTINCT = /^\s*distinct\b/i;

class BuilderReader {
  readonly #internals: BuilderInternals;
  readonly #raw: readonly RawSelect[];

  constructor(
    readonly builder: SelectQueryBuilder<ObjectLiteral>,
    readonly options: ReadingOptions,
  ) {
    this.#internals = internalsOf(builder);
    this.#raw = selectsOf(this.#internals);
  }

  read(): GroupedQuery {
    const { expressionMap: map } = this.builder;
    const selects = this.#raw.map((select, index) => this.#select(select, index === 0));
    const scope = this.#scope(selects);
    const having = this.#internals.createHavingExpression().replace(/^ HAVING /, '');
    return {
      selects,
      isDistinct: map.selectDistinct || DISTINCT.test(this.#raw[0]?.selection ?? ''),
      groupBys: map.groupBys.map((sql) => this.#groupBy(sql, scope, selects)),
      having: having === '' ? undefined : this.#read(having, scope),
      orders: Object.entries(map.allOrderBys).map(([sql, order]) => ({
        by: this.#orderedBy(sql, scope),
        direction: directionOf(order, this.options.refuse),
      })),
      page: this.#internals.createLimitOffsetExpression(),
    };
  }

  #read(sql: string, scope: Scope): Expression {
    return readExpression(this.#internals.replacePropertyNamesForTheWholeQuery(sql), scope);
  }

  #select({ selection, aliasName }: RawSelect, isFirst: boolean): SelectItem {
    const isDistinct = isFirst && DISTINCT.test(selection);
    // DISTINCT before the first value is of the whole row.
    const bare = isDistinct ? selection.replace(DISTINCT, '') : selection;
    const sql = this.#internals.replacePropertyNamesForTheWholeQuery(` ${bare}`).trim();
    const expression = readExpression(sql, this.#scope([]));
    if (isDistinct && aliasName === undefined && expression.length > 1) throw this.options.refuse('a selected expression without an alias');
    return { expression, alias: aliasName ?? this.#defaultName(sql, expression) };
  }

  /** The name that the database gives to a value that is selected without one. */
  #defaultName(sql: string, expression: Expression): string {
    const [first] = expression;
    if (expression.length === 1 && first?.kind === 'column') return first.column.databaseName;
    if (this.options.family !== 'postgres') return sql;
    if (expression.length === 1 && first?.kind === 'aggregate') return first.name.toLowerCase();
    throw this.options.refuse('a selected expression without an alias');
  }

  /** A name in GROUP BY may be the alias of a select; a number is the place of one. */
  #groupBy(sql: string, scope: Scope, selects: readonly SelectItem[]): Expression {
    const expression = this.#read(sql, scope);
    const [first] = expression;
    if (expression.length !== 1 || !first) return expression;
    if (first.kind === 'alias') return selects.find(({ alias }) => `alias ${alias}` === first.canonical)?.expression ?? expression;
    if (/^\d+$/.test(first.text)) throw this.options.refuse('a position in GROUP BY');
    return expression;
  }

  #orderedBy(sql: string, scope: Scope): OrderItem['by'] {
    const { selects } = this.builder.expressionMap;
    if (selects.some(({ aliasName }) => aliasName === sql)) return { alias: sql };
    if (/^\d+$/.test(sql)) throw this.options.refuse('a position in ORDER BY');
    const expression = this.#read(sql, scope);
    const [first] = expression;
    if (expression.length === 1 && first?.kind === 'alias') return { alias: first.canonical.replace(/^alias /, '') };
    return { expression };
  }

  #scope(selects: readonly SelectItem[]): Scope {
    const tables = this.builder.expressionMap.aliases.filter(({ type, hasMetadata }) => type !== 'other' && hasMetadata);
    const canonicals = new Map(selects.map(({ alias, expression }) => [alias, canonicalOf(expression)]));
    return {
      ...this.options,
      columns: (name, table) =>
        tables.filter(({ name: alias }) => table === undefined || alias === table).flatMap((alias) => columnOf(alias, name)),
      aliased: (name) => canonicals.get(name),
    };
  }
}

function columnOf(alias: Alias, name: string): readonly Omit<ColumnPart, 'space' | 'text'>[] {
  const column = alias.metadata.columns.find(({ databaseName }) => databaseName === name);
  return column ? [{ kind: 'column', canonical: `column ${alias.name}.${name}`, table: alias.name, column }] : [];
}

/** As TypeORM orders them: the columns of the main entity, those of the joined ones, then all others. */
function selectsOf(internals: BuilderInternals): readonly RawSelect[] {
  const { expressionMap: map } = internals;
  const entities = [map.mainAlias, ...map.joinAttributes.map(({ alias }) => alias)].filter((alias) => alias?.hasMetadata) as Alias[];
  const ofEntities = entities.flatMap(({ name, metadata }) => internals.buildEscapedEntityColumnSelects(name, metadata));
  const read = new Set(entities.flatMap(({ name, metadata }) => internals.findEntityColumnSelects(name, metadata)));
  return [...ofEntities, ...map.selects.filter((select) => !read.has(select))];
}

function directionOf(order: string | { order: string; nulls?: string }, refuse: ReadingOptions['refuse']): string {
  const direction = typeof order === 'string' ? order : [order.order, order.nulls].filter(Boolean).join(' ');
  if (!/^(ASC|DESC)( NULLS (FIRST|LAST))?$/i.test(direction)) throw refuse('an order in an unknown direction');
  return direction;
}
