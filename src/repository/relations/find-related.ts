import { type EntityMetadata, type EntityTarget, type FindManyOptions, In, type ObjectLiteral, Raw } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { CallRouter } from '../call-router';
import { askedTexts } from './asked-texts';
import { hasProperty, nested, removeProperty, withProperty } from './nested-property';
import { chunksOf, valuesOf } from './stored-values';
import { shownValue, textOf } from './value-text';

type Options = FindManyOptions<ObjectLiteral>;

/** Finds over all shards; nested relations that leave their group are loaded by it too. */
export type Find = (target: EntityTarget<ObjectLiteral>, options: Options) => Promise<ObjectLiteral[]>;

/** What is looked for: rows of an entity by the values of some columns. */
export interface Wanted {
  readonly metadata: EntityMetadata;
  readonly columns: readonly ColumnMetadata[];
  /** The stored values, by their text. */
  readonly values: ReadonlyMap<string, readonly unknown[]>;
  readonly options: Options;
  /** The most values in one find. @defaultValue what one statement takes without harm */
  readonly atOnce?: number;
}

/** A row that was found, with the text of the values that it was found by. */
export interface Found {
  readonly text: string;
  readonly entity: ObjectLiteral;
}

/** In one statement are named at most so many rows by one column, and fewer by several, which SQLite takes as a deep expression. */
const BY_ONE_COLUMN = 1_000;
const BY_SEVERAL_COLUMNS = 250;

/** Finds rows by values in as few finds as one statement's length allows, in the order of the options or of their primary keys. */
export async function findRelated(router: CallRouter, find: Find, wanted: Wanted): Promise<readonly Found[]> {
  const { metadata, columns, values, atOnce = columns.length === 1 ? BY_ONE_COLUMN : BY_SEVERAL_COLUMNS } = wanted;
  const options = selecting(wanted);
  const found: ObjectLiteral[] = [];
  for (const chunk of chunksOf([...values.values()], atOnce)) {
    const where = conditionOn(columns, chunk);
    found.push(...(await find(metadata.target as EntityTarget<ObjectLiteral>, { ...options, where })));
  }
  const stored = await valuesOf(router, metadata, columns, found);
  const isOrdered = Object.keys(options.order ?? metadata.orderBy ?? {}).length > 0;
  const sorted = isOrdered ? found : found.sort((a, b) => compareIds(metadata, a, b));
  const texts = sorted.map((entity) => ({ entity, text: textOf(stored.get(entity) ?? [undefined]) }));
  hide(wanted, sorted);
  const askedFor = askedTexts(
    values.keys(),
    texts.flatMap(({ text }) => text ?? []),
  );
  return texts.flatMap(({ entity, text }) => (text === undefined ? [] : askedFor(text).map((asked) => ({ entity, text: asked }))));
}

/** The properties by which rows are matched and sorted are selected with those that are asked for, and taken off again. */
function selecting({ options, ...wanted }: Wanted): Options {
  const { select } = options;
  if (!select) return options;
  return {
    ...options,
    select: hiddenPaths({ ...wanted, options }).reduce((all, path) => withProperty(all, path, true), select as ObjectLiteral),
  };
}

function hiddenPaths({ metadata, columns, options }: Wanted): readonly string[] {
  const shown = [...metadata.primaryColumns, ...columns].filter(({ isVirtual }) => !isVirtual).map(({ propertyPath }) => propertyPath);
  return [...new Set(shown)].filter((path) => !hasProperty((options.select ?? {}) as ObjectLiteral, path));
}

function hide(wanted: Wanted, entities: readonly ObjectLiteral[]): void {
  if (!wanted.options.select) return;
  for (const path of hiddenPaths(wanted)) for (const entity of entities) removeProperty(entity, path);
}

function conditionOn(columns: readonly ColumnMetadata[], values: readonly (readonly unknown[])[]): ObjectLiteral | ObjectLiteral[] {
  const [column] = columns;
  if (column && columns.length === 1) return columnCondition(column, values.flat());
  if (columns.every(({ isVirtual }) => !isVirtual)) {
    return values.map((tuple) =>
      Object.assign({}, ...columns.map((each, index) => nested(each.propertyPath, shownValue(each, tuple[index])))),
    );
  }
  return tupleCondition(columns, values);
}

/** TypeORM compares the column of a relation that is no property by the relation, and then without transformers. */
function columnCondition(column: ColumnMetadata, values: readonly unknown[]): ObjectLiteral {
  const relation = column.isVirtual ? column.relationMetadata : undefined;
  if (!relation) return nested(column.propertyPath, In(values.map((value) => shownValue(column, value))));
  return nested(relation.propertyPath, In([...values]));
}

/** Several columns of a relation that are no properties can only be named in SQL. */
function tupleCondition(columns: readonly ColumnMetadata[], values: readonly (readonly unknown[])[]): ObjectLiteral {
  const relation = columns.find(({ isVirtual }) => isVirtual)?.relationMetadata;
  const parameters: ObjectLiteral = {};
  const { driver } = (relation as NonNullable<typeof relation>).entityMetadata.dataSource;
  const sql = (first: string) => {
    const table = driver.escape(first.slice(0, first.lastIndexOf('.')));
    const tuples = values.map((_, row) =>
      columns.map(({ databaseName }, part) => `${table}.${driver.escape(databaseName)} = :related_${row}_${part}`),
    );
    return tuples.map((parts) => `(${parts.join(' AND ')})`).join(' OR ');
  };
  for (const [row, tuple] of values.entries()) {
    for (const [part, value] of tuple.entries()) parameters[`related_${row}_${part}`] = value;
  }
  return nested(
    relation?.propertyPath ?? '',
    Raw((first) => `(${sql(first)})`, parameters),
  );
}

function compareIds(metadata: EntityMetadata, a: ObjectLiteral, b: ObjectLiteral): number {
  for (const column of metadata.primaryColumns) {
    const [first, second] = [column.getEntityValue(a), column.getEntityValue(b)].map((value) => comparable(column, value));
    if (first === undefined || second === undefined || first === second) continue;
    return first < second ? -1 : 1;
  }
  return 0;
}

/** Bigints come as texts, which do not sort as numbers do. */
function comparable(column: ColumnMetadata, value: unknown): number | bigint | string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value;
  if (value instanceof Date) return value.getTime();
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
  return /int/i.test(String(column.type)) && /^-?\d+$/.test(text) ? BigInt(text) : text;
}
