import type { ColumnType, DataSource, Driver, TableColumn, ValueTransformer } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { columnCodec } from './column-codec';
import { type ColumnForm, columnForm, plainForm, type StoredType } from './column-form';
import { defaultExpression } from './default-expression';

/** What columns of types that nothing in SQLite resembles are kept as; by the name of the type, in lower case. */
export type ColumnTypes = Readonly<Record<string, StoredType>>;

/**
 * Lets a SQLite data source take entities that were written for MySQL or PostgreSQL.
 *
 * Columns keep the types that their entities declare, so that keys route as they do in production; only what the driver makes of them
 * is another. It changes this one driver: the classes stay usable with any other data source.
 *
 * @param unknown - is called with each column whose type has no form in SQLite.
 */
export function adaptDriver({ driver }: DataSource, types: ColumnTypes, unknown: (column: ColumnMetadata) => void): void {
  const views = new DriverViews(driver, types);
  const { createFullType, normalizeDefault, preparePersistentValue, prepareHydratedValue } = driver;
  Object.assign(driver, {
    supportedIsolationLevels: ['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'],
    normalizeType: (column: Partial<ColumnMetadata>) => {
      const form = views.formOf(column);
      if (!form && column.entityMetadata) unknown(column as ColumnMetadata);
      return form?.stored ?? 'text';
    },
    createFullType: (column: TableColumn) => createFullType.call(driver, withoutArray(column)),
    normalizeDefault: (column: ColumnMetadata) => {
      if (typeof column.default === 'function') return defaultExpression(String(column.default()));
      if (column.isArray && column.default !== undefined && column.default !== null) return `'${arrayDefault(column.default)}'`;
      return normalizeDefault.call(driver, views.viewOf(column));
    },
    preparePersistentValue: (value: unknown, column: ColumnMetadata) => preparePersistentValue.call(driver, value, views.viewOf(column)),
    prepareHydratedValue: (value: unknown, column: ColumnMetadata) => prepareHydratedValue.call(driver, value, views.viewOf(column)),
    wrapWithJsonFunction: (value: string) => value,
  });
}

/** Columns as TypeORM's SQLite driver is to see them. */
class DriverViews {
  readonly #views = new WeakMap<ColumnMetadata, ColumnMetadata>();
  readonly #prepare: Pick<Driver, 'preparePersistentValue' | 'prepareHydratedValue'>;

  constructor(
    driver: Driver,
    readonly types: ColumnTypes,
  ) {
    const { preparePersistentValue, prepareHydratedValue } = driver;
    this.#prepare = {
      preparePersistentValue: preparePersistentValue.bind(driver),
      prepareHydratedValue: prepareHydratedValue.bind(driver),
    };
  }

  formOf({ type = '' as ColumnType, isArray = false }: Partial<ColumnMetadata>): ColumnForm | undefined {
    const declared = typeof type === 'string' ? this.types[type.toLowerCase()] : undefined;
    return declared ? plainForm(declared) : columnForm(type, isArray);
  }

  viewOf(column: ColumnMetadata): ColumnMetadata {
    const known = this.#views.get(column);
    if (known) return known;
    const view = this.#makeView(column);
    this.#views.set(column, view);
    return view;
  }

  #makeView(column: ColumnMetadata): ColumnMetadata {
    const form = this.formOf(column);
    if (!form) return column;
    const element: ColumnMetadata = Object.create(column, {
      type: { value: form.as },
      transformer: { value: undefined },
      isArray: { value: false },
    });
    const codec = columnCodec(column, form, {
      to: (value) => this.#prepare.preparePersistentValue(value, element),
      from: (value) => this.#prepare.prepareHydratedValue(value, element),
    });
    const transformer = [column.transformer ?? [], codec ?? []].flat() as ValueTransformer[];
    const type = column.isArray ? 'text' : form.as;
    return Object.create(column, { type: { value: type }, transformer: { value: transformer.length > 0 ? transformer : undefined } });
  }
}

function withoutArray(column: TableColumn): TableColumn {
  return column.isArray ? Object.create(column, { isArray: { value: false } }) : column;
}

/** An array's default as JSON; PostgreSQL's `'{a,b}'` is split at its commas. */
function arrayDefault(value: unknown): string {
  const inner = typeof value === 'string' ? value.replace(/^\{|\}$/g, '') : undefined;
  const elements = inner === undefined ? value : inner === '' ? [] : inner.split(',');
  return JSON.stringify(elements).replaceAll("'", "''");
}
