import { type DataSourceOptions, EntitySchema } from 'typeorm';
import { ConfigurationError } from '../../errors';
import { declareSharding } from '../../metadata';
import { BaseLayout, type LayoutClass } from './base-layout';
import { toStoredText } from './layout-value';

type Entities = NonNullable<DataSourceOptions['entities']>;

/**
 * Replaces layout classes among the entities by schemas of their tables, so that a subclass needs no decorators.
 *
 * @throws {ConfigurationError} for classes without a table name, or with that of another class.
 */
export function withLayoutSchemas(entities: Entities | undefined, type: DataSourceOptions['type']): unknown[] {
  const listed: readonly unknown[] = Object.values(entities ?? []);
  const layouts = listed.filter(isLayout);
  const nameless = layouts.filter(({ TABLE_NAME }) => !TABLE_NAME).map(({ name }) => `${name} has no TABLE_NAME.`);
  const doubled = layouts.filter(
    ({ TABLE_NAME }, index) => TABLE_NAME && layouts.findIndex((other) => other.TABLE_NAME === TABLE_NAME) !== index,
  );
  const faults = [...nameless, ...doubled.map(({ name, TABLE_NAME }) => `${name} has the TABLE_NAME of another layout, ${TABLE_NAME}.`)];
  if (faults.length > 0) throw new ConfigurationError(faults);
  return listed.map((entity) => (isLayout(entity) ? layoutSchema(entity, type) : entity));
}

function isLayout(entity: unknown): entity is LayoutClass<unknown> {
  return typeof entity === 'function' && entity.prototype instanceof BaseLayout;
}

function layoutSchema(layout: LayoutClass<unknown>, type: DataSourceOptions['type']): EntitySchema<BaseLayout<unknown>> {
  const isMysql = type === 'mysql' || type === 'mariadb';
  const schema = new EntitySchema<BaseLayout<unknown>>({
    name: layout.name,
    target: layout,
    tableName: layout.TABLE_NAME,
    columns: {
      ikey: { type: 'varchar', length: 255, primary: true },
      value: {
        type: isMysql ? 'mediumtext' : 'text',
        ...(isMysql && { charset: 'utf8mb4', collation: 'utf8mb4_bin' }),
        transformer: {
          to: (value: unknown) => toStoredText(layout.name, value),
          from: (text: unknown) => (typeof text === 'string' ? JSON.parse(text) : text),
        },
      },
    },
  });
  return declareSharding(schema, { key: ['ikey'] });
}
