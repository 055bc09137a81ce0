import { type Dialect, overValues, partialOf, type TypesRequest, typeOf } from './dialect';
import type { Slot, SlotType } from './slot';
import { affinityOf, keepsAffinity } from './sqlite-affinity';

/**
 * SQLite gives each value a type of its own, so a letter for it goes before the text of the value. Collation and affinity of a column
 * come from the first term of a compound select, which is the shard's own column without rows.
 */
export const sqliteDialect: Dialect = {
  family: 'sqlite',
  typesExpressions: true,
  maxBytes: 500_000_000,
  quote: (name) => `"${name.replaceAll('"', '""')}"`,

  async describe(request) {
    const [row] = await request.query(collationProbe(request));
    const types = new Map<string, SlotType>();
    for (const { name, kind, column } of request.slots) {
      const affinity = kind === 'value' ? await affinityOf(column, request) : 'none';
      types.set(name, { signature: `${affinity} ${row?.[name] ?? ''}`, definition: affinity });
    }
    return types;
  },

  asSent: (types, rows) =>
    new Map(
      [...types].map(([name, type]) => {
        const affinity = type.definition === 'number' || type.definition === 'text' ? type.definition : 'none';
        const isKept = keepsAffinity(
          affinity,
          rows.map((row) => row[name]),
        );
        return [name, isKept ? type : { ...type, definition: 'none' }];
      }),
    ),

  sent: (slot) => {
    const value = partialOf(slot);
    // Seventeen digits bring every double back.
    return (
      `CASE typeof(${value}) WHEN 'integer' THEN 'i' || ${value} WHEN 'real' THEN 'r' || printf('%!.17g', ${value}) ` +
      // A text is joined to the letter only up to a zero character.
      `WHEN 'text' THEN iif(instr(${value}, char(0)), 'h' || hex(${value}), 't' || ${value}) WHEN 'blob' THEN 'b' || hex(${value}) END`
    );
  },

  groupedBy: ({ argument }) => [argument],

  table: (slots, types, template) => {
    const values = slots.map((slot) => `${received(slot, typeOf(slot, types))} AS ${slot.name}`);
    return `(SELECT * FROM (${template.sql}) UNION ALL SELECT ${values.join(', ')} FROM json_each(:sharding_rows) j) g`;
  },

  merged: (aggregate, types) => {
    switch (aggregate.kind) {
      case 'count':
        return `COALESCE(SUM(g.${aggregate.slot.name}), 0)`;
      case 'sum':
        return `SUM(g.${aggregate.slot.name})`;
      case 'average':
        return `(CAST(SUM(g.${aggregate.slot.name}) AS REAL) / SUM(g.${aggregate.count.name}))`;
      case 'extreme':
        return `${aggregate.name}(g.${aggregate.slot.name})`;
      case 'values':
        return overValues(aggregate, types);
    }
  },

  ordered: (written) => written,
};

function isNumber(kind: Slot['kind']): boolean {
  return kind === 'count' || kind === 'sum' || kind === 'averaged';
}

/** A select of one row, where 'a' = 'A' tells NOCASE, and 'a' = 'a ' RTRIM. */
function collationProbe({ slots, template }: TypesRequest) {
  const compared = slots.filter(({ kind }) => !isNumber(kind));
  const columns = slots.map(({ kind, name }) => `${isNumber(kind) ? 'NULL' : "'a'"} AS ${name}`).join(', ');
  const probes = ['1 AS one', ...compared.map(({ name }) => `(q.${name} = 'A') || (q.${name} = 'a ') AS ${name}`)];
  return { ...template, sql: `SELECT ${probes.join(', ')} FROM (SELECT * FROM (${template.sql}) UNION ALL SELECT ${columns}) q` };
}

/** What a slot's text stands for; SQLite infers from how it is written which affinity it may have. */
function received({ name }: Slot, { definition: affinity }: SlotType): string {
  const value = `json_extract(j.value, '$.${name}')`;
  const rest = `substr(${value}, 2)`;
  if (affinity === 'text') return `CAST(${rest} AS TEXT)`;
  const number =
    `WHEN 'i' THEN CAST(${rest} AS INTEGER) ` +
    // An infinite number is printed as a word that is not read back.
    `WHEN 'r' THEN CAST(CASE ${rest} WHEN 'Inf' THEN 9e999 WHEN '-Inf' THEN -9e999 ELSE ${rest} END AS REAL) `;
  const other = `WHEN 't' THEN ${rest} WHEN 'b' THEN unhex(${rest}) WHEN 'h' THEN CAST(unhex(${rest}) AS TEXT) `;
  return `CASE substr(${value}, 1, 1) ${number}${affinity === 'number' ? '' : other}END`;
}
