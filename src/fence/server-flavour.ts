import type { DataSource, QueryRunner } from 'typeorm';

/** What a server that speaks MySQL is. */
interface Flavour {
  readonly isMariadb: boolean;
  readonly version: readonly [major: number, minor: number];
}

const flavours = new WeakMap<DataSource, Flavour>();

/** Whether a server that speaks MySQL is MariaDB. TypeORM keeps the numbers of its version only, and both may be used as type `mysql`. */
export async function isMariadb(source: DataSource, runner: QueryRunner): Promise<boolean> {
  return (await flavourOf(source, runner)).isMariadb;
}

/** Whether a server that speaks MySQL knows `SKIP LOCKED`: MySQL from 8.0 on, MariaDB from 10.6. */
export async function canSkipLocked(source: DataSource, runner: QueryRunner): Promise<boolean> {
  const { isMariadb: isMaria, version } = await flavourOf(source, runner);
  const [major, minor] = version;
  return isMaria ? major > 10 || (major === 10 && minor >= 6) : major >= 8;
}

async function flavourOf(source: DataSource, runner: QueryRunner): Promise<Flavour> {
  const known = flavours.get(source);
  if (known) return known;
  const [row] = await runner.query('SELECT VERSION() AS version');
  const text = String(row?.version);
  // Old drivers are shown a number in front: 5.5.5-10.6.1-MariaDB.
  const [, major = '0', minor = '0'] = /^(?:5\.5\.5-)?(\d+)\.(\d+)/.exec(text) ?? [];
  const found: Flavour = { isMariadb: /mariadb/i.test(text), version: [Number(major), Number(minor)] };
  flavours.set(source, found);
  return found;
}
