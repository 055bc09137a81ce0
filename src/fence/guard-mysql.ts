import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { type ControlNames, controlNames, FENCE_SCHEMA_VERSION, UPTO_INDEX } from './control-tables';
import { quotedPath, textLiteral } from './fence-dialect';
import { type FenceRefusal, REFUSALS } from './fence-refusal';
import { type Guard, guardName } from './guard';
import type { GuardedTable } from './guarded-table';
import { SLOT_LENGTH } from './rows-at-rest';
import { SLOT_SHIFT } from './staying-slots';
import { passExpressions, usualExpression, VERDICTS, verdictExpression } from './verdict';

/** The session variable of MySQL and MariaDB that holds a mover's token. */
const MOVER_VARIABLE = '@typeorm_sharding_mover';

/**
 * Session variables in which guards keep what they have let the mover's transaction write, or delete: of which shard and group, and the
 * positions. It holds the lock on their row of ownership until it ends, so that the row says the same of all of them.
 */
const PASSES = { write: passVariables('write'), delete: passVariables('delete') } as const;

function passVariables(kind: 'write' | 'delete') {
  const [of, since, upto] = ['of', 'since', 'upto'].map((part) => `@typeorm_sharding_${kind}_${part}`) as [string, string, string];
  return { of, since, upto };
}

/** Lets guards know the session by its token, or no more; what they let pass before is forgotten. To be sent at both ends of a transaction. */
export function setMover(token: number | undefined): string {
  const passes = [PASSES.write, PASSES.delete].map(({ of }) => `${of} = NULL`);
  return `SET ${MOVER_VARIABLE} = ${token === undefined ? 'NULL' : Number(token)}, ${passes.join(', ')}`;
}

type Event = 'insert' | 'update' | 'delete';

/**
 * The guards of a table on MySQL and MariaDB: one trigger for each kind of write.
 *
 * The look-up locks the row in share mode, so that a freeze waits for writes in flight and later ones see it. By equality nothing but the
 * row is locked. The variable is typed like the columns, so that the index is used. Slots that stay are not looked up, which saves three
 * quarters of what a guard costs.
 */
export function mysqlGuards(source: DataSource, table: GuardedTable): readonly Guard[] {
  return (['insert', 'update', 'delete'] as const).map((event) => mysqlGuard(source, table, event));
}

function mysqlGuard(source: DataSource, table: GuardedTable, event: Event): Guard {
  const body = bodyOf(source, table, event);
  const name = guardName(table, body, event);
  const create = `CREATE TRIGGER ${source.driver.escape(name)} BEFORE ${event.toUpperCase()} ON ${quotedPath(source, table.path)} FOR EACH ROW ${body}`;
  return { name, table, body, create: [create] };
}

function bodyOf(source: DataSource, table: GuardedTable, event: Event): string {
  const names = controlNames(source);
  const row = event === 'insert' ? 'NEW' : 'OLD';
  const isDelete = event === 'delete' ? 'TRUE' : 'FALSE';
  const { elsewhere, frozen, notForMover, writeAndLog } = VERDICTS;
  const select = (expressions: string, variables: string) =>
    `SELECT ${expressions} INTO ${variables} FROM ${names.ownership} ${covering(source, table)} LOCK IN SHARE MODE;`;
  const verdict = (mover: string) => verdictExpression({ position: 'fence_position', mover, isDelete });
  const kept = event === 'delete' ? PASSES.delete : PASSES.write;
  const pass = passExpressions({ position: 'fence_position', mover: MOVER_VARIABLE, isDelete });
  const owner = ownerNumber(table);
  const position = table.position(row);
  const isPassed = `${kept.of} = ${owner} AND ${position} >= ${decimal(kept.since)} AND ${position} < ${decimal(kept.upto)}`;
  return [
    `BEGIN /* typeorm-sharding fence ${FENCE_SCHEMA_VERSION} */`,
    'DECLARE fence_position DECIMAL(20,0);',
    'DECLARE fence_verdict INT;',
    ...(event === 'update' ? [refuseKeyChange(table)] : []),
    `IF ${MOVER_VARIABLE} IS NOT NULL AND ${isPassed} THEN SET fence_verdict = ${VERDICTS.write};`,
    ...(table.staying
      ? [`ELSEIF ${MOVER_VARIABLE} IS NULL AND ${stays(table.staying, position)} THEN SET fence_verdict = ${VERDICTS.write};`]
      : []),
    `ELSE SET fence_position = ${position};`,
    `IF ${MOVER_VARIABLE} IS NULL THEN ${select(usualExpression('fence_position'), 'fence_verdict')}`,
    // Under the lock that the first look-up took: it is the same row.
    `IF fence_verdict IS NULL THEN ${select(verdict('NULL'), 'fence_verdict')} END IF;`,
    `ELSE ${select(
      [verdict(MOVER_VARIABLE), String(owner), pass.since, pass.upto].join(', '),
      ['fence_verdict', kept.of, kept.since, kept.upto].join(', '),
    )} END IF;`,
    `IF fence_verdict IS NULL OR fence_verdict = ${elsewhere} THEN ${signal('elsewhere')}`,
    `ELSEIF fence_verdict = ${frozen} THEN ${signal('frozen')}`,
    `ELSEIF fence_verdict = ${notForMover} THEN ${signal('notForMover')}`,
    `ELSEIF fence_verdict = ${writeAndLog} THEN ${logKey(source, names, table, row)}`,
    'END IF; END IF; END',
  ].join(' ');
}

/** A position outside the line has no byte there, and is looked up. */
function stays(staying: Buffer, position: string): string {
  const byte = `SUBSTR(0x${staying.toString('hex')}, (${position} >> ${SLOT_SHIFT + 3}) + 1, 1)`;
  return `(ORD(${byte}) >> ((${position} >> ${SLOT_SHIFT}) & 7)) & 1`;
}

/** Of each shard and group another one, as good as surely: 48 bits of a hash. */
function ownerNumber({ shard, group }: GuardedTable): number {
  return createHash('md5').update(`${shard}\n${group.name}`).digest().readUIntBE(0, 6);
}

/** MySQL takes a variable for what it was when the trigger first ran, and a text is compared as a DOUBLE. */
function decimal(variable: string): string {
  return `CAST(${variable} AS DECIMAL(20,0))`;
}

/** By range the index is named: left to itself MariaDB reads all of a group's rows by the primary key. */
function covering(source: DataSource, { shard, group }: GuardedTable): string {
  const owner = `shard = ${textLiteral('mysql', shard)} AND ${source.driver.escape('group')} = ${textLiteral('mysql', group.name)}`;
  return group.lookUp === 'slot'
    ? `WHERE ${owner} AND since = fence_position - fence_position % ${SLOT_LENGTH}`
    : `FORCE INDEX (${UPTO_INDEX}) WHERE ${owner} AND upto > fence_position ORDER BY upto LIMIT 1`;
}

function refuseKeyChange({ fixed }: GuardedTable): string {
  const same = fixed.map((column) => `OLD.${column} <=> NEW.${column}`);
  return `IF NOT (${same.join(' AND ')}) THEN ${signal('keyChange')} END IF;`;
}

function signal(refusal: FenceRefusal): string {
  const { errno, message } = REFUSALS[refusal];
  return `SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${errno}, MESSAGE_TEXT = '${message}';`;
}

function logKey(source: DataSource, { log }: ControlNames, { table, shard, group, key }: GuardedTable, row: string): string {
  const values = key.map(({ column, isBinary }) => (isBinary ? `HEX(${row}.${column})` : `CAST(${row}.${column} AS CHAR)`));
  const texts = [shard, group.name, table].map((text) => textLiteral('mysql', text));
  return (
    `INSERT INTO ${log} (shard, ${source.driver.escape('group')}, table_name, position, row_key) ` +
    `VALUES (${texts.join(', ')}, fence_position, JSON_ARRAY(${values.join(', ')}));`
  );
}
