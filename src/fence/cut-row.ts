import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import type { Position } from '../routing';
import { type BoundedRun, boundedTransaction, STEP_WAIT_MS } from './bounded-transaction';
import { controlNames } from './control-tables';
import { fenceDialect } from './fence-dialect';
import { closeGate } from './gate';
import type { MarkOutcome } from './mark-outcome';
import { type OwnershipKey, type OwnershipRow, positionText } from './ownership-row';
import { keyCondition, keyParameters, parameter, positionParameter, rowColumns, rowValues, selectRows, toRow } from './ownership-sql';

/** Where to cut, and by whom. */
export interface CutOptions {
  /** Where the upper row begins. */
  readonly at: Position;
  readonly token: number;
}

/**
 * Cuts a row at rest in two with the same owner. The row that covers is changed first: who writes in the upper part holds it in share
 * mode, and a freeze of a row that was only inserted would not wait for them. Waits, repeats and answers as the marks do.
 */
export async function cutRow(
  source: ShardDataSource,
  runner: QueryRunner,
  key: OwnershipKey,
  { at, token }: CutOptions,
  waitMs: number = STEP_WAIT_MS,
): Promise<MarkOutcome> {
  const work = (run: BoundedRun) => cut(source, run, key, { at, token });
  const done = await boundedTransaction(source, runner, work, waitMs);
  if (done.isBlocked) return { kind: 'blocked', cause: done.cause };
  const row = done.value;
  return row?.upto === at && row.token === token ? { kind: 'done', row } : { kind: 'refused', row };
}

async function cut(
  source: ShardDataSource,
  run: BoundedRun,
  key: OwnershipKey,
  { at, token }: CutOptions,
): Promise<OwnershipRow | undefined> {
  const { ownership } = controlNames(source);
  await closeGate(run, source, key);
  const take = `UPDATE ${ownership} SET token = ${parameter(source, 0)} WHERE ${keyCondition(source, 1)} AND token <= ${parameter(source, 4)} AND watermark = since AND since < ${positionParameter(source, 5)} AND upto >= ${positionParameter(source, 6)}`;
  await run(take, [token, ...keyParameters(key), token, positionText(at), positionText(at)]);
  const row = await readLocked(source, run, key);
  const isCuttable = row?.token === token && row.since < at && at < row.upto && row.watermark === row.since && isSame(row);
  if (!row || !isCuttable) return row;
  await run(`UPDATE ${ownership} SET upto = ${positionParameter(source, 0)} WHERE ${keyCondition(source, 1)}`, [
    positionText(at),
    ...keyParameters(key),
  ]);
  const upper: OwnershipRow = { ...row, since: at, watermark: at, frontier: at, capture: at };
  const places = rowValues(upper).map((_, index) => (index < 2 ? parameter(source, index) : positionParameter(source, index)));
  await run(`INSERT INTO ${ownership} (${rowColumns(source).join(', ')}) VALUES (${places.join(', ')})`, rowValues(upper));
  return { ...row, upto: at };
}

async function readLocked(source: ShardDataSource, run: BoundedRun, key: OwnershipKey): Promise<OwnershipRow | undefined> {
  const lock = fenceDialect(source) === 'sqlite' ? '' : ' FOR UPDATE';
  const [found] = await run(`${selectRows(source, `WHERE ${keyCondition(source, 0)}`)}${lock}`, keyParameters(key));
  return found && toRow(found);
}

function isSame({ oldRule, newRule }: OwnershipRow): boolean {
  return oldRule.modulus === newRule.modulus && oldRule.residue === newRule.residue;
}
