import type { DataSource } from 'typeorm';

type Dialect = 'mysql' | 'postgres' | 'sqlite';

/** The statements on the two tables of a SQL topology, in one database's dialect. Parameters are in the order of their names. */
export interface TopologyTables {
  /** Statements that fail when a table is missing. */
  readonly probes: readonly string[];
  /** Make the tables where they are missing. */
  readonly creates: readonly string[];
  /** `cluster` */
  readonly read: string;
  /** `cluster`; a document may be large, and a watch wants only new ones. */
  readonly version: string;
  /** `cluster, document` */
  readonly insert: string;
  /** `document, cluster, expected` */
  readonly update: string;
  /** `cluster, id, version, connected, beat`; the row is as good as new. */
  readonly beat: string;
  /** `cluster` */
  readonly beats: string;
  /** `cluster, id` */
  readonly forget: string;
  /**
   * `cluster, id, beat`: forgets what was not heard of for a week by the database's clock, which only tidies up. Since that clock may jump,
   * it is for those that are known to be silent.
   */
  readonly sweep: string;
}

const WEEK_SECONDS = 7 * 24 * 3600;

/** Clock of the database in whole seconds. */
const NOW: Readonly<Record<Dialect, string>> = {
  mysql: 'UNIX_TIMESTAMP()',
  postgres: 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)',
  sqlite: "CAST(strftime('%s', 'now') AS INTEGER)",
};

/** Writes the statements. @param table - name of the table of topologies. */
export function topologyTables(dataSource: DataSource, table: string): TopologyTables {
  const dialect = dialectOf(dataSource);
  const at = (index: number) => dataSource.driver.createParameter(`p${index}`, index);
  const schema = dataSource.options.type === 'postgres' ? dataSource.options.schema : undefined;
  const name = (each: string) => [schema, each].flatMap((part) => (part ? [dataSource.driver.escape(part)] : [])).join('.');
  const topology = name(table);
  const clients = name(`${table}_clients`);
  const now = NOW[dialect];
  return {
    probes: [topology, clients].map((each) => `SELECT cluster FROM ${each} WHERE 1 = 0`),
    creates: creates(dialect, topology, clients),
    read: `SELECT version, document FROM ${topology} WHERE cluster = ${at(0)}`,
    version: `SELECT version FROM ${topology} WHERE cluster = ${at(0)}`,
    insert: `INSERT INTO ${topology} (cluster, version, document) VALUES (${at(0)}, 1, ${at(1)})`,
    update: `UPDATE ${topology} SET version = version + 1, document = ${at(0)} WHERE cluster = ${at(1)} AND version = ${at(2)}`,
    beat: `INSERT INTO ${clients} (cluster, id, version, connected, beat, seen) VALUES (${at(0)}, ${at(1)}, ${at(2)}, ${at(3)}, ${at(4)}, ${now}) ${onConflict(dialect)}`,
    beats: `SELECT id, version, connected, beat FROM ${clients} WHERE cluster = ${at(0)} ORDER BY id`,
    forget: `DELETE FROM ${clients} WHERE cluster = ${at(0)} AND id = ${at(1)}`,
    sweep: `DELETE FROM ${clients} WHERE cluster = ${at(0)} AND id = ${at(1)} AND beat = ${at(2)} AND seen < ${now} - ${WEEK_SECONDS}`,
  };
}

function dialectOf({ options: { type } }: DataSource): Dialect {
  if (type === 'postgres') return 'postgres';
  return type === 'mysql' || type === 'mariadb' ? 'mysql' : 'sqlite';
}

function creates(dialect: Dialect, topology: string, clients: string): readonly string[] {
  // Names are compared byte for byte everywhere; a row locked by a swap is found by its key alone.
  const name = (length: number) => `VARCHAR(${length})${dialect === 'mysql' ? ' CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : ''} NOT NULL`;
  const text = dialect === 'mysql' ? 'LONGTEXT CHARACTER SET utf8mb4 NOT NULL' : 'TEXT NOT NULL';
  const end = dialect === 'mysql' ? ' ENGINE = InnoDB' : '';
  return [
    `CREATE TABLE IF NOT EXISTS ${topology} (cluster ${name(100)}, version BIGINT NOT NULL, document ${text}, PRIMARY KEY (cluster))${end}`,
    `CREATE TABLE IF NOT EXISTS ${clients} (cluster ${name(100)}, id ${name(100)}, version BIGINT NOT NULL, connected ${text}, beat ${name(40)}, seen BIGINT NOT NULL, PRIMARY KEY (cluster, id))${end}`,
  ];
}

function onConflict(dialect: Dialect): string {
  const columns = ['version', 'connected', 'beat', 'seen'];
  if (dialect === 'mysql') return `ON DUPLICATE KEY UPDATE ${columns.map((each) => `${each} = VALUES(${each})`).join(', ')}`;
  return `ON CONFLICT (cluster, id) DO UPDATE SET ${columns.map((each) => `${each} = excluded.${each}`).join(', ')}`;
}
