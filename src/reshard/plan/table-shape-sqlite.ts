import type { QueryRunner } from 'typeorm';
import { GUARD_PREFIX } from '../../fence';
import type { ForeignKeyShape, IndexShape, Shapes } from './shapes';

type Found = Readonly<Record<string, string | number | null>>;

/** Of SQLite, which keeps no statistics unless it is told to. */
export const SQLITE_SHAPES: Shapes = {
  async shape(runner, path) {
    const columns: readonly Found[] = await runner.query(
      `SELECT name, type, "notnull" AS filled, dflt_value AS def FROM pragma_table_xinfo(${text(path)}) WHERE hidden <> 1`,
    );
    const triggers: readonly Found[] = await runner.query(
      `SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ${text(path)}`,
    );
    return {
      columns: new Map(columns.map(({ name, type, filled }) => [String(name), `${type} ${Number(filled) === 1 ? 'NOT NULL' : 'NULL'}`])),
      defaults: new Map(columns.map(({ name, def }) => [String(name), String(def ?? '')])),
      indexes: await indexesOf(runner, path),
      triggers: triggers.map(({ name }) => String(name)).filter((name) => !name.startsWith(GUARD_PREFIX)),
    };
  },

  async foreignKeys(runner) {
    const found: readonly Found[] = await runner.query(
      'SELECT DISTINCT m.name AS tbl, f."table" AS ref FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = \'table\'',
    );
    return found.map(({ tbl, ref }): ForeignKeyShape => ({ table: String(tbl), references: String(ref) }));
  },
};

/** The primary key counts as an index; as a rowid it has none of its own. */
async function indexesOf(runner: QueryRunner, path: string): Promise<readonly IndexShape[]> {
  const found: readonly Found[] = await runner.query(
    `SELECT l.name AS name, l."unique" AS uniq, (SELECT group_concat(c, ',') FROM (SELECT COALESCE(i.name, '?') AS c FROM pragma_index_info(l.name) i ORDER BY i.seqno)) AS cols ` +
      `FROM pragma_index_list(${text(path)}) l`,
  );
  const key: readonly Found[] = await runner.query(`SELECT name FROM pragma_table_info(${text(path)}) WHERE pk > 0 ORDER BY pk`);
  const indexes = found.map(({ uniq, cols }) => ({ isUnique: Number(uniq) === 1, columns: String(cols).split(',') }));
  const primary = { isUnique: true, columns: key.map(({ name }) => String(name)) };
  return indexes.some((each) => each.isUnique && each.columns.join() === primary.columns.join()) ? indexes : [...indexes, primary];
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
