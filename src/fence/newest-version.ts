import type { ShardDataSource } from '../cluster';
import { controlNames } from './control-tables';
import { parameter } from './ownership-sql';
import { provisionedVersion } from './provision';
import { withRunner } from './with-runner';

/** The newest topology version that a member's rows of ownership remember; undefined when it has none. */
export async function newestVersion(source: ShardDataSource): Promise<number | undefined> {
  if ((await provisionedVersion(source)) === undefined) return undefined;
  return withRunner(source, async (runner) => {
    const select = `SELECT MAX(version) AS newest FROM ${controlNames(source).ownership} WHERE shard = ${parameter(source, 0)}`;
    const [found] = await runner.query(select, [source.context.shard]);
    return found?.newest === null || found?.newest === undefined ? undefined : Number(found.newest);
  });
}
