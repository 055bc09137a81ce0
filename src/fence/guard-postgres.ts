import type { DataSource } from 'typeorm';
import { HASH_LINE_LENGTH } from '../routing';
import { type ControlNames, controlNames, FENCE_SCHEMA_VERSION } from './control-tables';
import { ownSchema, quotedPath, textLiteral } from './fence-dialect';
import { type FenceRefusal, REFUSALS } from './fence-refusal';
import { gateClass, gateNumber } from './gate';
import { type Guard, guardName } from './guard';
import type { GuardedTable } from './guarded-table';
import { SLOT_LENGTH } from './rows-at-rest';
import { SLOT_SHIFT } from './staying-slots';
import { VERDICTS, verdictExpression } from './verdict';

/** The setting of a PostgreSQL session that holds a mover's token. */
export const MOVER_SETTING = 'typeorm_sharding.mover';

/**
 * The guard of a table on PostgreSQL: a function of its own and one trigger for all kinds of writes.
 *
 * The function has the rights of whoever armed the fence, so that writers need none on the log, and a fixed search path, so that nobody
 * can put other tables or operators under its names. It takes the row's gate, then locks the row FOR SHARE; FOR KEY SHARE would not wait
 * for marks. Each statement of it has a snapshot of its own at READ COMMITTED, so what it reads was committed before it had the gate; above
 * that, a row changed since the transaction's snapshot fails with 40001. For slots that stay it does none of this.
 */
export function postgresGuards(source: DataSource, table: GuardedTable): readonly Guard[] {
  const body = bodyOf(source, table);
  const name = guardName(table, body, '');
  const routine = guardFunction(source, name);
  const events = 'BEFORE INSERT OR UPDATE OR DELETE';
  const create = [
    `CREATE OR REPLACE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fence$${body}$fence$`,
    `CREATE TRIGGER ${source.driver.escape(name)} ${events} ON ${quotedPath(source, table.path)} FOR EACH ROW EXECUTE FUNCTION ${routine}()`,
  ];
  return [{ name, table, body, create }];
}

/** The function of a guard, as SQL. */
export function guardFunction(source: DataSource, name: string): string {
  const schema = ownSchema(source);
  return quotedPath(source, schema === undefined ? name : `${schema}.${name}`);
}

function bodyOf(source: DataSource, table: GuardedTable): string {
  const names = qualified(source);
  const verdict = verdictExpression({ position: 'fence_position', mover: 'fence_mover', isDelete: "(TG_OP = 'DELETE')" });
  const owner = ownerCondition(source, table);
  return [
    `/* typeorm-sharding fence ${FENCE_SCHEMA_VERSION} */ DECLARE`,
    'fence_position bigint; fence_since numeric; fence_verdict int;',
    `fence_mover bigint := NULLIF(current_setting('${MOVER_SETTING}', true), '');`,
    `BEGIN IF TG_OP = 'INSERT' THEN fence_position := ${table.position('NEW')}; ELSE fence_position := ${table.position('OLD')}; END IF;`,
    `IF TG_OP = 'UPDATE' THEN IF ${changes(table)} THEN ${raise('keyChange')} END IF; END IF;`,
    `IF NOT ${stays(table)} THEN ${findSince(names, table, owner)}`,
    `PERFORM pg_advisory_xact_lock_shared(${gateClass({ shard: table.shard, group: table.group.name })}, ${gateNumber('fence_since')});`,
    `SELECT ${verdict} INTO fence_verdict FROM ${names.ownership} WHERE ${owner} AND since = fence_since FOR SHARE;`,
    `IF fence_verdict IS NULL OR fence_verdict = ${VERDICTS.elsewhere} THEN ${raise('elsewhere')}`,
    `ELSIF fence_verdict = ${VERDICTS.frozen} THEN ${raise('frozen')}`,
    `ELSIF fence_verdict = ${VERDICTS.notForMover} THEN ${raise('notForMover')}`,
    `ELSIF fence_verdict = ${VERDICTS.writeAndLog} THEN ${logKey(source, names, table)}`,
    "END IF; END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END",
  ].join(' ');
}

/** Never NULL. Bits outside the line cannot be asked for. In parentheses, since a condition of IF ends at the first THEN outside them. */
function stays({ staying }: GuardedTable): string {
  if (!staying) return 'FALSE';
  const bit = `get_bit(decode('${staying.toString('hex')}', 'hex'), (fence_position >> ${SLOT_SHIFT})::int) = 1`;
  return `(CASE WHEN fence_mover IS NULL AND fence_position >= 0 AND fence_position < ${HASH_LINE_LENGTH} THEN ${bit} ELSE FALSE END)`;
}

/** The search path is empty but for the system's schema, so the schema must be said even where the data source leaves it to the server. */
function qualified(source: DataSource): ControlNames {
  const schema = ownSchema(source) ?? (source.driver.schema as string | undefined) ?? 'public';
  const names = controlNames(source);
  if (ownSchema(source) !== undefined) return names;
  const prefix = source.driver.escape(schema);
  return { control: `${prefix}.${names.control}`, ownership: `${prefix}.${names.ownership}`, log: `${prefix}.${names.log}` };
}

function ownerCondition(source: DataSource, { shard, group }: GuardedTable): string {
  return `shard = ${textLiteral('postgres', shard)} AND ${source.driver.escape('group')} = ${textLiteral('postgres', group.name)}`;
}

/** By range the row is looked up twice, since its gate must be taken before it is locked; if it was cut meanwhile it covers no longer. */
function findSince({ ownership }: ControlNames, { group }: GuardedTable, owner: string): string {
  if (group.lookUp === 'slot') return `fence_since := fence_position - fence_position % ${SLOT_LENGTH};`;
  return `SELECT since INTO fence_since FROM ${ownership} WHERE ${owner} AND since <= fence_position ORDER BY since DESC LIMIT 1;`;
}

function changes({ fixed }: GuardedTable): string {
  return fixed.map((column) => `OLD.${column} IS DISTINCT FROM NEW.${column}`).join(' OR ');
}

function raise(refusal: FenceRefusal): string {
  const { sqlState, message } = REFUSALS[refusal];
  return `RAISE EXCEPTION '${message}' USING ERRCODE = '${sqlState}';`;
}

function logKey(source: DataSource, { log }: ControlNames, table: GuardedTable): string {
  const values = (row: string) =>
    table.key.map(({ column, isBinary }) => (isBinary ? `encode(${row}.${column}, 'hex')` : `${row}.${column}::text`)).join(', ');
  const texts = [table.shard, table.group.name, table.table].map((text) => textLiteral('postgres', text));
  const insert = (row: string) =>
    `INSERT INTO ${log} (shard, ${source.driver.escape('group')}, table_name, position, row_key) ` +
    `VALUES (${texts.join(', ')}, fence_position, jsonb_build_array(${values(row)})::text);`;
  return `IF TG_OP = 'INSERT' THEN ${insert('NEW')} ELSE ${insert('OLD')} END IF;`;
}
