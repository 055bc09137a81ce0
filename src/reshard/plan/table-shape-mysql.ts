import type { QueryRunner } from 'typeorm';
import { GUARD_PREFIX } from '../../fence';
import type { ForeignKeyShape, IndexShape, Shapes } from './shapes';

type Found = Readonly<Record<string, string | number | null>>;

const IN_PLACE = 'TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?';

/** Of MySQL and MariaDB. */
export const MYSQL_SHAPES: Shapes = {
  async shape(runner, path) {
    const [table, schema] = path.split('.').reverse() as [string, string?];
    const place = [schema ?? null, table];
    const columns: readonly Found[] = await runner.query(
      'SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable, COLLATION_NAME AS coll, COLUMN_DEFAULT AS def, EXTRA AS extra ' +
        `FROM information_schema.COLUMNS WHERE ${IN_PLACE}`,
      place,
    );
    const [facts]: readonly Found[] = await runner.query(
      `SELECT ENGINE AS engine, TABLE_ROWS AS n, DATA_LENGTH + INDEX_LENGTH AS bytes FROM information_schema.TABLES WHERE ${IN_PLACE}`,
      place,
    );
    return {
      columns: new Map(columns.map((each) => [String(each.name), shown(each)])),
      defaults: new Map(columns.map(({ name, def, extra }) => [String(name), `${def ?? 'NULL'} ${String(extra).toLowerCase()}`])),
      indexes: await indexesOf(runner, place),
      triggers: await triggersOf(runner, place),
      engine: String(facts?.engine),
      statistics: { rows: Number(facts?.n ?? 0), bytes: Number(facts?.bytes ?? 0) },
    };
  },

  async foreignKeys(runner) {
    const found: readonly Found[] = await runner.query(
      'SELECT TABLE_NAME AS tbl, REFERENCED_TABLE_NAME AS ref FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()',
    );
    return found.map(({ tbl, ref }): ForeignKeyShape => ({ table: String(tbl), references: String(ref) }));
  },
};

/** Servers of some versions write widths of integers that others leave out. */
function shown({ type, nullable, coll }: Found): string {
  const plain = String(type).replace(/^(tinyint|smallint|mediumint|int|bigint)\(\d+\)/, '$1');
  return `${plain} ${nullable === 'YES' ? 'NULL' : 'NOT NULL'}${coll === null || coll === undefined ? '' : ` ${coll}`}`;
}

async function indexesOf(runner: QueryRunner, place: readonly unknown[]): Promise<readonly IndexShape[]> {
  const found: readonly Found[] = await runner.query(
    'SELECT INDEX_NAME AS name, MIN(NON_UNIQUE) AS several, ' +
      "GROUP_CONCAT(CONCAT(COALESCE(COLUMN_NAME, '?'), IF(SUB_PART IS NULL, '', CONCAT('(', SUB_PART, ')'))) ORDER BY SEQ_IN_INDEX SEPARATOR ',') AS cols " +
      `FROM information_schema.STATISTICS WHERE ${IN_PLACE} GROUP BY INDEX_NAME`,
    [...place],
  );
  return found.map(({ several, cols }) => ({ isUnique: Number(several) === 0, columns: String(cols).split(',') }));
}

async function triggersOf(runner: QueryRunner, place: readonly unknown[]): Promise<readonly string[]> {
  const found: readonly Found[] = await runner.query(
    'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = COALESCE(?, DATABASE()) AND EVENT_OBJECT_TABLE = ?',
    [...place],
  );
  return found.map(({ name }) => String(name)).filter((name) => !name.startsWith(GUARD_PREFIX));
}
