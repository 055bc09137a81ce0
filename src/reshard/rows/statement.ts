import { QueryFailedError, type QueryRunner } from 'typeorm';
import { ShardError } from '../../errors';

/** What a statement selected, by the names of its columns. */
export type SelectedRow = Readonly<Record<string, string | null>>;

/**
 * Sends a statement that may hold rows. An error of the database comes as it was thrown, but without the statement and its parameters,
 * which would take the rows to wherever errors are logged.
 *
 * @returns what was selected, and how many rows were changed.
 */
export async function send(runner: QueryRunner, sql: string, parameters: readonly unknown[] = []) {
  try {
    const { records, affected } = await runner.query(sql, [...parameters], true);
    return { rows: records as readonly SelectedRow[], changed: Number(affected ?? 0) };
  } catch (error) {
    throw withoutRows(error);
  }
}

/** As {@link send}, for what is selected alone. */
export async function select(runner: QueryRunner, sql: string, parameters: readonly unknown[] = []): Promise<readonly SelectedRow[]> {
  return (await send(runner, sql, parameters)).rows;
}

const SHOWN = 60;

function withoutRows(thrown: unknown): unknown {
  const error = thrown instanceof ShardError ? thrown.cause : thrown;
  if (!(error instanceof QueryFailedError)) return thrown;
  const query = `${error.query.slice(0, SHOWN)} …`;
  Object.assign(error, { query, parameters: [] }, 'sql' in error && { sql: query });
  // mysql2 keeps the statement on its own error.
  const { driverError } = error as { readonly driverError: { sql?: string } };
  if (typeof driverError.sql === 'string') driverError.sql = query;
  return thrown;
}
