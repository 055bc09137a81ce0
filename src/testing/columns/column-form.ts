import type { ColumnType } from 'typeorm';

/** How a column is declared in a table of SQLite. */
export type StoredType = 'integer' | 'real' | 'numeric' | 'varchar' | 'text' | 'blob' | 'datetime' | 'date' | 'time' | 'boolean';

/** How values of a column change on their way to SQLite and back, beyond what TypeORM does for the type {@link ColumnForm.as}. */
export type ValueKind = 'as is' | 'bigint' | 'decimal' | 'json' | 'bytes';

/** What a column of MySQL or PostgreSQL becomes in a test cluster. */
export interface ColumnForm {
  readonly stored: StoredType;
  /** The type of TypeORM's SQLite driver whose conversions its values get. */
  readonly as: ColumnType;
  readonly kind: ValueKind;
}

function form(stored: StoredType, kind: ValueKind = 'as is', as: ColumnType = stored): ColumnForm {
  return { stored, as, kind };
}

const BY_FORM: readonly (readonly [ColumnForm, string])[] = [
  [form('integer'), 'int,integer,tinyint,smallint,mediumint,int2,int4,year'],
  [form('integer', 'bigint'), 'bigint,int8,unsigned big int'],
  [form('numeric', 'decimal'), 'decimal,numeric,dec,fixed'],
  [form('real'), 'real,float,float4,float8,double,double precision'],
  [form('boolean'), 'boolean,bool'],
  [form('varchar'), 'varchar,character varying,varying character,nvarchar,national varchar,uuid'],
  [form('varchar'), 'char,character,nchar,national char,native character,bpchar'],
  [form('text'), 'text,tinytext,mediumtext,longtext,clob,citext,xml,ltree'],
  [form('text'), 'inet,inet4,inet6,cidr,macaddr,macaddr8,timetz,time with time zone'],
  [form('text', 'json'), 'json,jsonb'],
  [form('varchar', 'as is', 'simple-enum'), 'enum,simple-enum'],
  [form('text', 'as is', 'simple-array'), 'set,simple-array'],
  [form('text', 'as is', 'simple-json'), 'simple-json'],
  [form('blob', 'bytes'), 'blob,tinyblob,mediumblob,longblob,binary,varbinary,bytea'],
  [form('datetime'), 'datetime,timestamp,timestamptz,timestamp with time zone,timestamp without time zone'],
  [form('date'), 'date'],
  [form('time'), 'time,time without time zone'],
];

const FORMS: ReadonlyMap<ColumnType, ColumnForm> = new Map<ColumnType, ColumnForm>([
  ...BY_FORM.flatMap(([each, types]) => types.split(',').map((type) => [type as ColumnType, each] as const)),
  [String, form('varchar', 'as is', String)],
  [Number, form('integer', 'as is', Number)],
  [Boolean, form('boolean', 'as is', Boolean)],
  [Date, form('datetime', 'as is', Date)],
  ['', form('text')] as unknown as [ColumnType, ColumnForm],
]);

/** Elements of arrays are kept as JSON, where a binary value, for example, has no place. */
const ARRAYS: ReadonlySet<ValueKind> = new Set(['as is', 'bigint', 'decimal', 'json']);

/** Finds what a column type becomes; undefined when nothing in SQLite behaves alike. */
export function columnForm(type: ColumnType, isArray: boolean): ColumnForm | undefined {
  const found = FORMS.get(typeof type === 'string' ? (type.toLowerCase() as ColumnType) : type);
  if (!found || !isArray) return found;
  return ARRAYS.has(found.kind) ? { ...found, stored: 'text' } : undefined;
}

/** The form of a type that the options of the test cluster declare: its values are kept as they are. */
export function plainForm(stored: StoredType): ColumnForm {
  return form(stored, stored === 'blob' ? 'bytes' : 'as is', 'text');
}
