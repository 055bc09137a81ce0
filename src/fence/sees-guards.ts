import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import { fenceDialect } from './fence-dialect';

const TRIGGER_GRANTS =
  "SELECT (SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER') + " +
  "(SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER' AND DATABASE() LIKE TABLE_SCHEMA) + " +
  "(SELECT COUNT(*) FROM information_schema.TABLE_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER' AND TABLE_SCHEMA = DATABASE()) AS n";

/**
 * Whether the user is shown what guards say: MySQL and MariaDB show triggers, or their text, only to whom has TRIGGER, which an application
 * needs for nothing else. Rights that come by a role are not seen.
 */
export async function seesGuards(source: ShardDataSource, runner: QueryRunner): Promise<boolean> {
  if (fenceDialect(source) !== 'mysql') return true;
  const [found] = await runner.query(TRIGGER_GRANTS);
  return Number(found?.n) > 0;
}
