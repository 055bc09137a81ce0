import type { DataSource } from 'typeorm';
import { FencePrivilegeError, ShardError } from '../errors';
import { CONTROL_TABLES } from './control-tables';
import { databaseFault } from './database-fault';
import { type FenceDialect, fenceDialect } from './fence-dialect';

/** What is done with a database, and what its user needs for it. */
export type PrivilegedStep = 'tables' | 'triggers' | 'rows';

const TABLES = Object.values(CONTROL_TABLES).join(', ');

const GRANTS: Readonly<Record<FenceDialect, Readonly<Record<PrivilegedStep, string>>>> = {
  mysql: {
    tables: 'Grant CREATE, SELECT, INSERT and UPDATE on its database.',
    triggers: 'Grant TRIGGER, and SELECT on the sharded tables, on its database.',
    rows: `Grant SELECT, INSERT, UPDATE and DELETE on ${TABLES}.`,
  },
  postgres: {
    tables: 'Grant CREATE on its schema, or provision as the owner of the schema.',
    triggers: 'Grant TRIGGER on the sharded tables and CREATE on the schema, or arm as the owner of the tables.',
    rows: `Grant SELECT, INSERT, UPDATE and DELETE on ${TABLES}.`,
  },
  sqlite: {
    tables: 'Let the process write the database file.',
    triggers: 'Let the process write the database file.',
    rows: 'Let the process write the database file.',
  },
};

const LOG_BIN =
  'The binary log is on, so triggers need SUPER: grant it for the time, or run SET GLOBAL log_bin_trust_function_creators = 1 on the server.';

/** One step that needs privileges, in words for {@link FencePrivilegeError}. */
export interface PrivilegedWork {
  readonly shard: string;
  readonly step: PrivilegedStep;
  /** Completes "may not …". */
  readonly operation: string;
}

/** @throws {FencePrivilegeError} naming the grant when a right is missing; every other error passes. */
export async function privileged<T>(source: DataSource, work: PrivilegedWork, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw privilegeFault(source, work, error) ?? error;
  }
}

function privilegeFault(source: DataSource, { shard, step, operation }: PrivilegedWork, error: unknown): FencePrivilegeError | undefined {
  const fault = databaseFault(error);
  const cause = error instanceof ShardError ? error.cause : error;
  if (fault === 'logBin') return new FencePrivilegeError(shard, operation, LOG_BIN, { cause });
  if (fault !== 'denied') return undefined;
  return new FencePrivilegeError(shard, operation, GRANTS[fenceDialect(source)][step], { cause });
}
