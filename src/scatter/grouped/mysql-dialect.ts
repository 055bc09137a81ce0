import { type Dialect, overValues, partialOf, typeOf } from './dialect';
import { mysqlTypes } from './mysql-types';
import type { Slot, SlotType } from './slot';

/** MySQL and MariaDB say the types of columns alone; the table of values is a `JSON_TABLE` with columns of those types. */
export const mysqlDialect: Dialect = {
  family: 'mysql',
  typesExpressions: false,
  // Below the 16 MB that a server takes by default, because quotes double when the text is put into the statement.
  maxBytes: 7_000_000,
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  describe: mysqlTypes,

  sent: (slot, { encoding }) => {
    const value = partialOf(slot);
    if (encoding === 'hex') return `HEX(${value})`;
    // A FLOAT is printed with six digits, its sum with a double shows all; a cast of that would end after 22 characters.
    return encoding === 'double' ? `${value} + 0E0` : `CAST(${value} AS CHAR)`;
  },

  groupedBy: ({ argument, isByBytes }) => (isByBytes ? [argument, `HEX(${argument})`] : [argument]),

  table: (slots, types) => {
    const columns = slots.map(
      ({ name, ...slot }) => `${name} ${travels(typeOf({ name, ...slot }, types))} PATH '$.${name}' ERROR ON ERROR`,
    );
    const values = slots.map((slot) => received(slot, typeOf(slot, types)));
    return `(SELECT ${values.join(', ')} FROM JSON_TABLE(:sharding_rows, '$[*]' COLUMNS (${columns.join(', ')})) j) g`;
  },

  merged: (aggregate, types) => {
    switch (aggregate.kind) {
      case 'count':
        return `CAST(COALESCE(SUM(g.${aggregate.slot.name}), 0) AS SIGNED)`;
      case 'sum':
        return `SUM(g.${aggregate.slot.name})`;
      case 'average':
        return `(SUM(g.${aggregate.slot.name}) / SUM(g.${aggregate.count.name}))`;
      case 'extreme':
        return `${aggregate.name}(g.${aggregate.slot.name})`;
      case 'values':
        return overValues(aggregate, types);
    }
  },

  // An enum, and the least and the greatest of one, are compared as texts but ordered by place.
  ordered: (written, value, types) => {
    const slot = /^(?:g\.|(?:MIN|MAX)\(g\.)(\w+)\)?$/.exec(value)?.[1];
    const labels = slot && types.get(slot)?.labels;
    return labels ? `FIELD(${value}, ${labels})` : written;
  },
};

/** The type as which a value travels. MariaDB 10.11 takes no more than a pointer out of a LONGTEXT that goes through a function. */
function travels({ encoding, definition }: SlotType): string {
  return encoding === 'hex' ? 'MEDIUMTEXT' : encoding === 'uuid' ? 'CHAR(36)' : definition;
}

function received({ name }: Slot, { encoding, definition }: SlotType): string {
  if (encoding === 'uuid') return `CAST(j.${name} AS UUID) AS ${name}`;
  if (encoding !== 'hex') return `j.${name} AS ${name}`;
  const length = /^binary\((\d+)\)$/.exec(definition)?.[1];
  return length ? `CAST(UNHEX(j.${name}) AS BINARY(${length})) AS ${name}` : `UNHEX(j.${name}) AS ${name}`;
}
