const NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')";

/** A random UUID of version 4. */
const UUID =
  "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || " +
  "substr('89AB', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";

const EXPRESSIONS: readonly (readonly [RegExp, string])[] = [
  // What TypeORM's SQLite driver has for dates of creation and update, to the second.
  [/^datetime\('now'\)$/, NOW],
  [/^(current_timestamp|now|localtimestamp|utc_timestamp|clock_timestamp|statement_timestamp)(\(\s*\d?\s*\))?$/i, NOW],
  [/^(current_date|curdate)(\(\s*\))?$/i, "date('now')"],
  [/^(current_time|curtime|localtime)(\(\s*\d?\s*\))?$/i, "time('now')"],
  [/^(uuid|gen_random_uuid|uuid_generate_v4)\(\s*\)$/i, UUID],
];

/**
 * Translates a default that the database computes: the time and random UUIDs of MySQL and PostgreSQL, and casts of literals such as
 * `'{}'::jsonb`. Any other expression stays as it is, so that SQLite refuses what it does not know, at the latest when a row needs it.
 */
export function defaultExpression(expression: string): string {
  const bare = expression
    .trim()
    .replace(/^\((.*)\)$/s, '$1')
    .replace(/^('(?:[^']|'')*')::[\w "[\]]+$/, '$1')
    .replace(/\s+on update .*$/i, '');
  return EXPRESSIONS.find(([pattern]) => pattern.test(bare))?.[1] ?? bare;
}
