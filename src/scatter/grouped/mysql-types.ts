import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { TypesRequest } from './dialect';
import type { Slot, SlotType, SlotTypes } from './slot';

/** A column as `information_schema` says it. */
interface StoredColumn {
  readonly type: string;
  readonly charset: string | null;
  readonly collation: string | null;
}

/** Asks MySQL or MariaDB for the types of slots: of columns in its schema, of sums by what they print. */
export async function mysqlTypes(request: TypesRequest): Promise<SlotTypes> {
  const { slots } = request;
  const columns = new Map<Slot, StoredColumn>();
  for (const slot of slots.filter(({ kind }) => kind === 'value' || kind === 'least' || kind === 'greatest')) {
    columns.set(slot, await storedColumn(slot, request));
  }
  const sums = await sumTypes(
    slots.filter(({ kind }) => kind === 'sum' || kind === 'averaged'),
    request,
  );
  const typeOf = (slot: Slot): SlotType => {
    const stored = columns.get(slot);
    return stored ? columnType(slot, stored, request) : (sums.get(slot.name) ?? { signature: '', definition: 'BIGINT' });
  };
  return new Map(slots.map((slot) => [slot.name, typeOf(slot)]));
}

async function storedColumn({ argument, column }: Slot, { query, refuse }: TypesRequest): Promise<StoredColumn> {
  if (!column) throw refuse(`the expression ${argument}, whose type the database does not tell`);
  const [row] = await query(columnStatement(column));
  if (!row?.type) throw refuse(`the column ${column.propertyPath}, which the schema of the database does not show`);
  return { type: row.type, charset: row.charset ?? null, collation: row.collation ?? null };
}

function columnStatement({ entityMetadata, databaseName }: ColumnMetadata) {
  const sql =
    'SELECT column_type AS type, character_set_name AS charset, collation_name AS collation FROM information_schema.columns ' +
    'WHERE table_schema = COALESCE(:sharding_schema, DATABASE()) AND table_name = :sharding_table AND column_name = :sharding_column';
  const parameters = {
    sharding_schema: entityMetadata.database ?? null,
    sharding_table: entityMetadata.tableName,
    sharding_column: databaseName,
  };
  return { sql, parameters };
}

function columnType({ column }: Slot, { type, charset, collation }: StoredColumn, { refuse }: TypesRequest): SlotType {
  const signature = [type, charset, collation].filter(Boolean).join(' ');
  const text = charset ? ` CHARACTER SET ${charset} COLLATE ${collation}` : '';
  if (/^(set|bit|geometry|point|polygon|linestring|multi|json|inet)/.test(type) || column?.type === 'json') {
    throw refuse(`values of the ${type.replace(/\(.*/, '')} column ${column?.propertyPath}`);
  }
  if (type.startsWith('enum')) {
    return { signature, definition: `VARCHAR(255)${text}`, labels: type.slice('enum('.length, -1) };
  }
  if (/binary|blob/.test(type)) return { signature, definition: type, encoding: 'hex' };
  if (type === 'uuid') return { signature, definition: type, encoding: 'uuid' };
  if (/^(float|double)/.test(type)) return { signature, definition: type, encoding: 'double' };
  return { signature, definition: `${type.replace(/^longtext$/, 'mediumtext')}${text}` };
}

/**
 * Tells exact sums and their scale from doubles by what the database prints: no double holds twenty digits after a one, and an exact
 * zero is printed with all the digits of its scale.
 */
async function sumTypes(slots: readonly Slot[], { template, query }: TypesRequest): Promise<ReadonlyMap<string, SlotType>> {
  if (slots.length === 0) return new Map();
  const probes = slots.flatMap(({ name }) => [
    `CAST(COALESCE(SUM(q.${name}), 0) * 0 + 1.00000000000000000001 AS CHAR) AS exact${name}`,
    `CAST(COALESCE(SUM(q.${name}), 0) * 0 AS CHAR) AS zero${name}`,
  ]);
  const [row] = await query({ ...template, sql: `SELECT ${probes.join(', ')} FROM (${template.sql}) q` });
  return new Map(slots.map(({ name }) => [name, sumType(row?.[`exact${name}`], row?.[`zero${name}`])]));
}

function sumType(exact: string | null | undefined, zero: string | null | undefined): SlotType {
  const scale = zero?.split('.')[1]?.length ?? 0;
  if (exact === '1') return { signature: 'DOUBLE', definition: 'DOUBLE', encoding: 'double' };
  return { signature: `DECIMAL ${scale}`, definition: `DECIMAL(65,${scale})` };
}
