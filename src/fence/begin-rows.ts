import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import { boundedTransaction } from './bounded-transaction';
import { controlNames } from './control-tables';
import type { BeginMarks } from './marks';
import { type OwnershipKey, positionText } from './ownership-row';
import { parameter, positionParameter } from './ownership-sql';

/** How many rows one transaction begins. */
const BATCH_ROWS = 200;

/** How long one transaction waits for others, in milliseconds. */
const WAIT_MS = 1_000;

/**
 * Begins the move of many rows at rest that come under one rule, a few hundred in each transaction: for members without guards, where no
 * writer holds several of these rows. Those that others hold, or that are not at rest or have a higher token, stay as they are; the
 * caller reads them again, and begins them one by one.
 *
 * @param keys - rows of one shard and group.
 */
export async function beginRows(
  source: ShardDataSource,
  keys: readonly OwnershipKey[],
  { token, newRule, version, runner }: BeginMarks & { readonly runner: QueryRunner },
): Promise<void> {
  for (let at = 0; at < keys.length; at += BATCH_ROWS) {
    const batch = keys.slice(at, at + BATCH_ROWS);
    const [first] = batch;
    if (!first) return;
    const parameters = [token, newRule.modulus, newRule.residue, version, first.shard, first.group, token];
    await boundedTransaction(
      source,
      runner,
      (run) => run(statement(source, batch.length), [...parameters, ...batch.map(({ since }) => positionText(since))]),
      WAIT_MS,
    );
  }
}

function statement(source: ShardDataSource, rows: number): string {
  const sets = ['token', 'new_modulus', 'new_residue', 'version'].map((column, index) => `${column} = ${parameter(source, index)}`);
  const marks = ['watermark', 'frontier', 'capture'].map((mark) => `${mark} = upto`);
  const owner = `shard = ${parameter(source, 4)} AND ${source.driver.escape('group')} = ${parameter(source, 5)}`;
  const rest = 'old_modulus = new_modulus AND old_residue = new_residue AND watermark = since';
  const places = Array.from({ length: rows }, (_, index) => positionParameter(source, index + 7));
  const where = `${owner} AND token <= ${parameter(source, 6)} AND ${rest} AND since IN (${places.join(', ')})`;
  return `UPDATE ${controlNames(source).ownership} SET ${[...sets, ...marks].join(', ')} WHERE ${where}`;
}
