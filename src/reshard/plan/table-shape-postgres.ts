import type { QueryRunner } from 'typeorm';
import { GUARD_PREFIX, quotedPath } from '../../fence';
import type { IndexShape, Shapes } from './shapes';

type Found = Readonly<Record<string, string | number | boolean | null>>;

/** Of PostgreSQL. */
export const POSTGRES_SHAPES: Shapes = {
  async shape(runner, path) {
    const table = quotedPath(runner.dataSource, path);
    const columns: readonly Found[] = await runner.query(
      'SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS filled, c.collname AS coll, ' +
        'COALESCE(pg_get_expr(d.adbin, d.adrelid), a.attidentity::text) AS def FROM pg_attribute a ' +
        'LEFT JOIN pg_collation c ON c.oid = a.attcollation LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ' +
        'WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped',
      [table],
    );
    const [size]: readonly Found[] = await runner.query(
      'SELECT reltuples AS n, pg_total_relation_size(oid) AS bytes FROM pg_class WHERE oid = to_regclass($1)',
      [table],
    );
    return {
      columns: new Map(
        columns.map(({ name, type, filled, coll }) => [String(name), `${type}${filled ? ' NOT NULL' : ' NULL'} ${coll ?? ''}`.trim()]),
      ),
      // What sequences are called says nothing.
      defaults: new Map(columns.map(({ name, def }) => [String(name), String(def ?? '').replace(/^nextval\(.*\)$/, 'nextval')])),
      indexes: await indexesOf(runner, table),
      triggers: await triggersOf(runner, table),
      statistics: { rows: Math.max(0, Number(size?.n ?? 0)), bytes: Number(size?.bytes ?? 0) },
    };
  },

  async foreignKeys(runner) {
    const found: readonly Found[] = await runner.query(
      'SELECT t.relname AS tbl, r.relname AS ref FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid ' +
        "WHERE k.contype = 'f' AND k.conparentid = 0",
    );
    return found.map(({ tbl, ref }) => ({ table: String(tbl), references: String(ref) }));
  },
};

async function indexesOf(runner: QueryRunner, table: string): Promise<readonly IndexShape[]> {
  const found: readonly Found[] = await runner.query(
    "SELECT i.indisunique AS uniq, string_agg(COALESCE(a.attname, '?'), ',' ORDER BY k.place) AS cols " +
      'FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) ' +
      'LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0 ' +
      'WHERE i.indrelid = to_regclass($1) AND i.indisvalid GROUP BY i.indexrelid, i.indisunique',
    [table],
  );
  return found.map(({ uniq, cols }) => ({ isUnique: uniq === true, columns: String(cols).split(',') }));
}

async function triggersOf(runner: QueryRunner, table: string): Promise<readonly string[]> {
  const found: readonly Found[] = await runner.query(
    'SELECT tgname AS name FROM pg_trigger WHERE tgrelid = to_regclass($1) AND NOT tgisinternal',
    [table],
  );
  return found.map(({ name }) => String(name)).filter((name) => !name.startsWith(GUARD_PREFIX));
}
