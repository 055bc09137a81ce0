import { randomBytes } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import { controlNames } from './control-tables';
import { type FenceDialect, fenceDialect } from './fence-dialect';
import { guardFunction } from './guard-postgres';
import { privileged } from './privileges';

/**
 * Makes and drops a trigger on a control table, before a kind of statement that nobody sends, so that a missing right shows while the
 * member is provisioned and not in the middle of a plan. It has a name of its own, since others may provision at the same time.
 *
 * @throws {FencePrivilegeError}
 */
export async function probeTriggers(source: ShardDataSource, runner: QueryRunner): Promise<void> {
  const work = { shard: source.context.shard, step: 'triggers', operation: 'create triggers' } as const;
  const statements = STATEMENTS[fenceDialect(source)](source, `_shard_probe_${randomBytes(4).toString('hex')}`);
  await privileged(source, work, async () => {
    for (const statement of statements) await runner.query(statement);
  });
}

const STATEMENTS: Readonly<Record<FenceDialect, (source: ShardDataSource, name: string) => readonly string[]>> = {
  mysql: (source, name) => [
    `CREATE TRIGGER ${name} BEFORE DELETE ON ${controlNames(source).control} FOR EACH ROW BEGIN END`,
    `DROP TRIGGER ${name}`,
  ],
  postgres: (source, name) => {
    const { control } = controlNames(source);
    const routine = guardFunction(source, name);
    return [
      `CREATE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'`,
      `CREATE TRIGGER ${name} BEFORE DELETE ON ${control} FOR EACH ROW EXECUTE FUNCTION ${routine}()`,
      `DROP FUNCTION ${routine}() CASCADE`,
    ];
  },
  // Whoever may write the file may make triggers.
  sqlite: () => [],
};
