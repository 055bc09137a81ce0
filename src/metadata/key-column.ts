import type { ColumnType, DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { KeyPart, KeyType } from '../routing';
import type { ShardKeyDeclaration } from './declaration';

/** One column of a shard key: how to read it from an entity, and how its value becomes text. */
export class KeyColumn {
  /** Path of the property from the entity, as in find options. */
  readonly path: string;
  readonly databaseName: string;
  readonly isGeneratedUuid: boolean;
  #part: KeyPart;

  constructor(
    readonly column: ColumnMetadata,
    type: KeyType,
    declaration: Pick<ShardKeyDeclaration, 'normalize'>,
  ) {
    this.path = column.propertyPath;
    this.databaseName = column.databaseName;
    this.isGeneratedUuid = column.isGenerated && column.generationStrategy === 'uuid';
    this.#part = keyPart(column, type, declaration.normalize);
  }

  /** How the column's values become text. */
  get part(): KeyPart {
    return this.#part;
  }

  /** Notes that a database ignores trailing blanks in this column, so that values with trailing blanks are refused. */
  markPadded(): void {
    this.#part = { ...this.#part, padded: true };
  }

  /** Reads the value as the database will get it, from the related entity where there is one; undefined when it has none. */
  read(entity: ObjectLiteral): unknown {
    return this.column.getEntityValue(entity, true);
  }

  /** The value of a condition or of a key given by the caller as the database gets it: through the column's transformers. */
  toStored(value: unknown): unknown {
    return storedValue(this.column, value);
  }

  /** The same column as another data source sees it. */
  of(metadata: EntityMetadata): ColumnMetadata {
    const column = metadata.columns.find(
      ({ databaseName, propertyPath }) => propertyPath === this.path && databaseName === this.databaseName,
    );
    if (!column) throw new TypeError(`${metadata.name} has no column ${this.path}.`);
    return column;
  }
}

/** A value as the database gets it for a column: through the column's transformers. */
export function storedValue(column: ColumnMetadata, value: unknown): unknown {
  return column.transformer ? [column.transformer].flat().reduce<unknown>((each, transformer) => transformer.to(each), value) : value;
}

/**
 * Which texts a column's values have, or undefined when the type cannot route.
 *
 * @param parentType - the type of the parent's key, for columns of views, which declare none.
 */
export function keyTypeOf(column: ColumnMetadata, parentType?: KeyType): KeyType | undefined {
  if (column.isArray) return undefined;
  if (column.generationStrategy === 'uuid') return 'uuid';
  if (column.type === undefined && parentType) return parentType;
  const type = column.type ?? propertyType(column);
  return KEY_TYPES.get(typeof type === 'string' ? (type.toLowerCase() as ColumnType) : type);
}

function propertyType({ target, propertyName }: ColumnMetadata): ColumnType {
  return Reflect.getMetadata('design:type', (target as new () => object).prototype ?? {}, propertyName);
}

/** Whether comparing the column's values ignores case or accents, as far as its declaration tells. */
export function comparesLoosely(column: ColumnMetadata): boolean {
  if (column.type === 'citext') return true;
  if (!column.collation) return false;
  return isMysql(column.entityMetadata.dataSource) ? !/(_bin|^binary)$/i.test(column.collation) : /^nocase$/i.test(column.collation);
}

/** Whether the column keeps less than milliseconds of a time, so that the stored key would be another than the one that routed. */
export function roundsTime(column: ColumnMetadata): boolean {
  const { dataSource } = column.entityMetadata;
  if (isSqlite(dataSource) || column.type === 'date') return false;
  const digits = column.precision ?? (isMysql(dataSource) ? 0 : 6);
  return digits < 3;
}

/** Whether a collation compares as if trailing blanks were not there. */
export function collationPads(collation: string): boolean {
  return !/nopad|_0900_|^binary$|^uca1400.*nopad/i.test(collation);
}

function keyPart(column: ColumnMetadata, type: KeyType, normalize: KeyPart['normalize']): KeyPart {
  const dataSource = column.entityMetadata.dataSource;
  const maxLength = type === 'string' ? Number(lengthOf(dataSource, column)) : 0;
  return {
    property: `${column.entityMetadata.name}.${column.propertyPath}`,
    type,
    ...(maxLength > 0 && { maxLength }),
    ...(type === 'string' && padsByDeclaration(dataSource, column) && { padded: true }),
    ...(type === 'date' && column.type === 'date' && { dayOnly: true }),
    ...(normalize && { normalize }),
  };
}

function lengthOf(dataSource: DataSource, column: ColumnMetadata): string {
  return isSqlite(dataSource) ? '' : dataSource.driver.getColumnLength(column);
}

function padsByDeclaration(dataSource: DataSource, column: ColumnMetadata): boolean {
  if (FIXED_LENGTH.has(String(column.type)) && !isSqlite(dataSource)) return true;
  if (!column.collation) return false;
  return isMysql(dataSource) ? collationPads(column.collation) : /^rtrim$/i.test(column.collation);
}

/** Whether a data source talks to MySQL or MariaDB. */
export function isMysql(dataSource: DataSource): boolean {
  return dataSource.options.type === 'mysql' || dataSource.options.type === 'mariadb';
}

/** Whether a data source is an embedded SQLite. */
export function isSqlite(dataSource: DataSource): boolean {
  return dataSource.options.type === 'better-sqlite3' || dataSource.options.type === 'sqljs';
}

const FIXED_LENGTH = new Set(['char', 'nchar', 'national char', 'character', 'bpchar']);

const KEY_TYPES = new Map<ColumnType, KeyType>([
  [Number, 'integer'],
  ...(['int', 'integer', 'tinyint', 'smallint', 'mediumint', 'bigint', 'int2', 'int4', 'int8', 'unsigned big int'] as ColumnType[]).map(
    (type) => [type, 'integer'] as [ColumnType, KeyType],
  ),
  [String, 'string'],
  ...(
    [
      'varchar',
      'character varying',
      'nvarchar',
      'varying character',
      'native character',
      'char',
      'nchar',
      'character',
      'bpchar',
    ] as ColumnType[]
  ).map((type) => [type, 'string'] as [ColumnType, KeyType]),
  ...(['text', 'tinytext', 'mediumtext', 'longtext', 'citext'] as ColumnType[]).map((type) => [type, 'string'] as [ColumnType, KeyType]),
  ['uuid', 'uuid'],
  [Date, 'date'],
  ...(['date', 'datetime', 'timestamp', 'timestamptz', 'timestamp with time zone', 'timestamp without time zone'] as ColumnType[]).map(
    (type) => [type, 'date'] as [ColumnType, KeyType],
  ),
]);
