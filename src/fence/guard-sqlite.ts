import type { DataSource } from 'typeorm';
import { type ControlNames, controlNames, FENCE_SCHEMA_VERSION } from './control-tables';
import { quotedPath, textLiteral } from './fence-dialect';
import { type FenceRefusal, REFUSALS } from './fence-refusal';
import { type Guard, guardName } from './guard';
import type { GuardedTable } from './guarded-table';
import { SLOT_LENGTH } from './rows-at-rest';
import { VERDICTS, verdictExpression } from './verdict';

type Event = 'insert' | 'update' | 'delete';

/**
 * The guards of a table on SQLite: one trigger for each kind of write. Its only writer at a time makes locks unnecessary: a write's
 * transaction has read the rows as they are until it ends. Which transaction is a mover's stands in the control row, which others never
 * see set.
 */
export function sqliteGuards(source: DataSource, table: GuardedTable): readonly Guard[] {
  return (['insert', 'update', 'delete'] as const).map((event) => sqliteGuard(source, table, event));
}

function sqliteGuard(source: DataSource, table: GuardedTable, event: Event): Guard {
  const body = bodyOf(source, table, event);
  const name = guardName(table, body, event);
  const create = `CREATE TRIGGER IF NOT EXISTS ${source.driver.escape(name)} BEFORE ${event.toUpperCase()} ON ${quotedPath(source, table.path)} FOR EACH ROW ${body}`;
  return { name, table, body, create: [create] };
}

function bodyOf(source: DataSource, table: GuardedTable, event: Event): string {
  const names = controlNames(source);
  const row = event === 'insert' ? 'NEW' : 'OLD';
  const mover = `(SELECT mover FROM ${names.control} WHERE id = 1)`;
  const position = `(${table.position(row)})`;
  const verdict = verdictExpression({ position, mover, isDelete: event === 'delete' ? 'TRUE' : 'FALSE' });
  const covering = coveringRow(source, names, table, position);
  return [
    `BEGIN /* typeorm-sharding fence ${FENCE_SCHEMA_VERSION} */`,
    ...(event === 'update' ? [`SELECT ${raise('keyChange')} WHERE ${changes(table)};`] : []),
    `SELECT CASE (SELECT ${verdict} FROM ${covering}) WHEN ${VERDICTS.write} THEN NULL WHEN ${VERDICTS.writeAndLog} THEN NULL`,
    `WHEN ${VERDICTS.frozen} THEN ${raise('frozen')} WHEN ${VERDICTS.notForMover} THEN ${raise('notForMover')} ELSE ${raise('elsewhere')} END;`,
    logKey(source, names, table, { row, position, covering, mover }),
    'END',
  ].join(' ');
}

/** A FROM clause of the one row, with its marks. */
function coveringRow(source: DataSource, { ownership }: ControlNames, { shard, group }: GuardedTable, position: string): string {
  const owner = `shard = ${textLiteral('sqlite', shard)} AND ${source.driver.escape('group')} = ${textLiteral('sqlite', group.name)}`;
  const found = group.lookUp === 'slot' ? `since = ${position} - ${position} % ${SLOT_LENGTH}` : `upto > ${position} ORDER BY upto LIMIT 1`;
  return `(SELECT * FROM ${ownership} WHERE ${owner} AND ${found})`;
}

function changes({ fixed }: GuardedTable): string {
  return fixed.map((column) => `OLD.${column} IS NOT NEW.${column}`).join(' OR ');
}

function raise(refusal: FenceRefusal): string {
  return `RAISE(ABORT, '${REFUSALS[refusal].message}')`;
}

interface LogTerms {
  readonly row: string;
  readonly position: string;
  readonly covering: string;
  readonly mover: string;
}

/** Whoever comes here may write; an ordinary session below the frontier does so by the old rule. */
function logKey(source: DataSource, { log }: ControlNames, table: GuardedTable, { row, position, covering, mover }: LogTerms): string {
  const values = table.key.map(({ column, isBinary }) => (isBinary ? `hex(${row}.${column})` : `CAST(${row}.${column} AS TEXT)`));
  const texts = [table.shard, table.group.name, table.table].map((text) => textLiteral('sqlite', text));
  return (
    `INSERT INTO ${log} (shard, ${source.driver.escape('group')}, table_name, position, row_key) ` +
    `SELECT ${texts.join(', ')}, ${position}, json_array(${values.join(', ')}) FROM ${covering} ` +
    `WHERE ${position} >= capture AND ${position} < frontier AND ${mover} IS NULL;`
  );
}
