import type { DataSource, QueryRunner } from 'typeorm';

const flavours = new WeakMap<DataSource, boolean>();

/** Whether a server that speaks MySQL is MariaDB. TypeORM keeps the numbers of its version only, and both may be used as type `mysql`. */
export async function isMariadb(source: DataSource, runner: QueryRunner): Promise<boolean> {
  const known = flavours.get(source);
  if (known !== undefined) return known;
  const [row] = await runner.query('SELECT VERSION() AS version');
  const found = /mariadb/i.test(String(row?.version));
  flavours.set(source, found);
  return found;
}
