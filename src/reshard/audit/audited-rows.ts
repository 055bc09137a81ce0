import type { QueryRunner } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { ShardDataSource } from '../../cluster';
import { ShardKeyInvalidError, ShardKeyMissingError } from '../../errors';
import { type ShardedEntity, storedValue } from '../../metadata';
import { positionOf } from '../../query';
import { integerOf, type Position } from '../../routing';
import type { CopiedRow, MovableTable } from '../rows';
import { KeyCondition } from '../rows/key-condition';
import { select } from '../rows/statement';

/** A row as it is audited. */
export interface AuditedRow {
  /** The texts of its primary key. */
  readonly key: CopiedRow;
  /** As the database has it; undefined when it has none. */
  readonly stored: Position | undefined;
  /** As it follows from the row's shard key; undefined when that can have none. */
  readonly computed: Position | undefined;
}

/** Reads a table's rows in batches by primary key: what an audit needs of them, and nothing more. */
export class AuditedRows {
  /** The table with no columns but its key's. */
  readonly keyed: MovableTable;
  readonly #sharding: ShardedEntity;
  readonly #columns: readonly ColumnMetadata[];

  constructor(
    readonly source: ShardDataSource,
    readonly runner: QueryRunner,
    readonly table: MovableTable,
  ) {
    this.keyed = { ...table, columns: table.key };
    const found = [...source.shardings].find(([{ tablePath, tableType }]) => tablePath === table.path && tableType !== 'entity-child');
    if (found?.[1].kind !== 'sharded') throw new TypeError(`${table.path} is not a sharded table.`);
    this.#sharding = found[1];
    this.#columns = found[1].key.map((column) => column.of(found[0]));
  }

  /** Whether the primary key tells the shard key, so that two shards cannot own the same. */
  get isPlacedByKey(): boolean {
    return this.#columns.every(({ isPrimary }) => isPrimary);
  }

  /** The next rows after one, in the order of the primary key; nothing is locked. */
  async after(key: CopiedRow | undefined, limit: number): Promise<readonly AuditedRow[]> {
    const condition = new KeyCondition(this.runner, this.keyed);
    const range = condition.range({ after: key, upto: undefined });
    const { quotedPath, position } = this.table;
    const keys = this.table.key.map(({ read }, index) => `${read} AS c${index}`);
    const values = this.#columns.map(({ databaseName }, index) => `${quotedPath}.${this.source.driver.escape(databaseName)} AS k${index}`);
    const place = `CAST(${position.expression} AS ${position.dialect === 'mysql' ? 'CHAR' : 'TEXT'}) AS place`;
    const sql = `SELECT ${[...keys, ...values, place].join(', ')} FROM ${quotedPath} WHERE ${range} ORDER BY ${condition.order} LIMIT ${limit}`;
    return (await select(this.runner, sql, condition.parameters)).map((row) => ({
      key: keys.map((_, index) => row[`c${index}`] ?? null),
      stored: row.place === null || row.place === undefined ? undefined : integerOf(BigInt(row.place)),
      computed: this.#compute(values.map((_, index) => row[`k${index}`])),
    }));
  }

  /** Those of the keys that this table has, with where they stand. */
  async among(keys: readonly CopiedRow[]): Promise<readonly AuditedRow[]> {
    const found: AuditedRow[] = [];
    for (let at = 0; at < keys.length; at += KEYS) found.push(...(await this.#among(keys.slice(at, at + KEYS))));
    return found;
  }

  async #among(keys: readonly CopiedRow[]): Promise<readonly AuditedRow[]> {
    const condition = new KeyCondition(this.runner, this.keyed);
    const any = condition.anyOf(keys);
    const { quotedPath } = this.table;
    const texts = this.table.key.map(({ read }, index) => `${read} AS c${index}`);
    const values = this.#columns.map(({ databaseName }, index) => `${quotedPath}.${this.source.driver.escape(databaseName)} AS k${index}`);
    const sql = `SELECT ${[...texts, ...values].join(', ')} FROM ${quotedPath} WHERE ${any}`;
    return (await select(this.runner, sql, condition.parameters)).map((row) => ({
      key: texts.map((_, index) => row[`c${index}`] ?? null),
      stored: undefined,
      computed: this.#compute(values.map((_, index) => row[`k${index}`])),
    }));
  }

  /** From the values as an entity would have them, and the database would get them again. */
  #compute(values: readonly unknown[]): Position | undefined {
    const { driver } = this.source;
    const stored = this.#columns.map((column, index) => storedValue(column, driver.prepareHydratedValue(values[index], column)));
    try {
      return positionOf(this.#sharding, stored);
    } catch (error) {
      if (error instanceof ShardKeyInvalidError || error instanceof ShardKeyMissingError) return undefined;
      throw error;
    }
  }
}

/** How many keys one statement looks for. */
const KEYS = 200;
