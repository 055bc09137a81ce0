import { type Dialect, overValues, partialOf, type TypesRequest, typeOf } from './dialect';
import type { Slot, SlotType } from './slot';

/** PostgreSQL says the type and the collation of any expression, and every type has an exact text. */
export const postgresDialect: Dialect = {
  family: 'postgres',
  typesExpressions: true,
  maxBytes: 500_000_000,
  quote: (name) => `"${name.replaceAll('"', '""')}"`,

  async describe(request) {
    const { template, query } = request;
    const rows = await query({ ...template, sql: typesSql(request) });
    const types = new Map(rows.map((row) => [String(row.slot), typeFrom(row)]));
    for (const slot of request.slots) refuseAverage(slot, types.get(slot.name), request);
    return types;
  },

  sent: (slot, type) => {
    if (slot.kind === 'averaged') return `CAST(SUM(CAST(${slot.argument} AS ${type.definition})) AS text)`;
    const value = partialOf(slot);
    // A cast takes the blanks at the end of a char(n) away, its output function does not.
    if (type.definition.startsWith('bpchar')) return `CASE WHEN ${value} IS NOT NULL THEN concat('', ${value}) END`;
    return `CAST(${value} AS text)`;
  },

  groupedBy: ({ argument }) => [argument],

  table: (slots, types) => {
    const columns = slots.map((slot) => `CAST(j.${slot.name} AS ${castOf(typeOf(slot, types))} AS ${slot.name}`);
    const texts = slots.map(({ name }) => `${name} text`);
    return `(SELECT ${columns.join(', ')} FROM json_to_recordset(CAST(:sharding_rows AS json)) AS j(${texts.join(', ')})) g`;
  },

  merged: (aggregate, types) => {
    switch (aggregate.kind) {
      case 'count':
        return `CAST(COALESCE(SUM(g.${aggregate.slot.name}), 0) AS bigint)`;
      case 'sum':
        return `CAST(SUM(g.${aggregate.slot.name}) AS ${typeOf(aggregate.slot, types).definition})`;
      case 'average': {
        const { definition } = typeOf(aggregate.slot, types);
        return `(SUM(g.${aggregate.slot.name}) / CAST(SUM(g.${aggregate.count.name}) AS ${definition}))`;
      }
      case 'extreme':
        return `${aggregate.name}(g.${aggregate.slot.name})`;
      case 'values':
        return overValues(aggregate, types);
    }
  },

  ordered: (written) => written,
};

/** The rest of a cast after `AS`: the type, the closing bracket and the collation. */
function castOf({ definition }: SlotType): string {
  const [type, collation] = definition.split(' COLLATE ');
  return collation === undefined ? `${type})` : `${type}) COLLATE ${collation}`;
}

function typesSql({ slots, template }: TypesRequest): string {
  const values = slots.map(
    (slot) => `SELECT '${slot.name}' AS slot, pg_typeof(${typedValue(slot)})::oid AS type, ${collationOf(slot)} AS collation`,
  );
  return (
    `WITH q AS (${template.sql}), v AS (${values.join(' UNION ALL ')}) ` +
    'SELECT v.slot, format_type(v.type, -1) AS definition, v.collation, ' +
    '(SELECT string_agg(quote_literal(e.enumlabel), $$,$$ ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = v.type) AS labels, ' +
    // As documents, because which columns there are depends on the version of the server.
    "CASE WHEN v.collation = '\"default\"' THEN (SELECT concat_ws('/', d.encoding, d.datcollate, d.datctype, to_jsonb(d) ->> 'datlocprovider', " +
    "to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'datcollversion') " +
    'FROM pg_database d WHERE d.datname = current_database()) ' +
    'ELSE (SELECT max(c.collversion) FROM pg_collation c WHERE quote_ident(c.collname) = v.collation OR quote_ident(c.collname) = split_part(v.collation, $$.$$, 2)) END AS version FROM v'
  );
}

function typedValue({ kind, name }: Slot): string {
  if (kind === 'count') return '0::bigint';
  const value = { value: name, least: name, greatest: name, sum: `SUM(${name})`, averaged: `AVG(${name})` }[kind];
  return `(SELECT ${value} FROM q LIMIT 1)`;
}

/** `pg_collation_for` fails for types that have none. */
function collationOf(slot: Slot): string {
  if (slot.kind === 'count') return 'NULL::text COLLATE "C"';
  const value = typedValue(slot);
  return `CASE WHEN (SELECT typcollation FROM pg_type WHERE oid = pg_typeof(${value})) <> 0 THEN pg_collation_for(${value}) COLLATE "C" END`;
}

function typeFrom({ definition, collation, labels, version }: Record<string, string | null>): SlotType {
  const type = `${definition}${collation ? ` COLLATE ${collation}` : ''}`;
  // The name of an enum's type follows its table's, which partitions name apart; what counts are its labels.
  const signature = labels ? `enum(${labels})` : [type, version].filter(Boolean).join(' ');
  return { signature, definition: type };
}

function refuseAverage({ kind, argument }: Slot, type: SlotType | undefined, { refuse }: TypesRequest): void {
  if (kind !== 'averaged' || /^(numeric|double precision)$/.test(type?.definition ?? '')) return;
  throw refuse(`AVG of ${argument}, which is no number`);
}
