import type { QueryRunner } from 'typeorm';
import { namedRunner, type ShardDataSource, type ShardHandle } from '../../cluster';
import { ConfigurationError } from '../../errors';
import { type MovableTable, movableTables, openMoverSource } from '../rows';

/** A shard while a plan asks it. */
export interface SurveyedShard {
  readonly shard: ShardHandle;
  readonly source: ShardDataSource;
  /** In no transaction; it names the shard on what goes wrong. */
  readonly runner: QueryRunner;
  /** The tables of each group, by its name. */
  readonly tables: ReadonlyMap<string, readonly MovableTable[]>;
}

/**
 * Opens connections of their own to shards, gives them to work, and closes them.
 *
 * @param faults - gets one sentence for each table that cannot be moved; then its shard is not among those given.
 */
export async function withSurveyed<T>(
  shards: readonly ShardHandle[],
  { groups, faults }: { readonly groups: readonly string[]; readonly faults: string[] },
  work: (surveyed: readonly SurveyedShard[]) => Promise<T>,
): Promise<T> {
  const opened: (SurveyedShard & { readonly close: () => Promise<void> })[] = [];
  try {
    for (const shard of shards) {
      const found = await faultsCollected(faults, () => open(shard, groups));
      if (found) opened.push(found);
    }
    return await work(opened);
  } finally {
    for (const { close } of opened) await close();
  }
}

/** What a work refuses becomes part of the reasons of a plan. */
export async function faultsCollected<T>(faults: string[], work: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}

async function open(shard: ShardHandle, groups: readonly string[]) {
  const opened = await openMoverSource(await shard.open(), { connections: 2 });
  try {
    const tables = new Map(groups.map((group) => [group, movableTables(opened.source, group)] as const));
    const runner = namedRunner(opened.source);
    const close = async () => {
      await runner.release();
      await opened.destroy();
    };
    return { shard, source: opened.source, runner, tables, close };
  } catch (error) {
    await opened.destroy();
    throw error;
  }
}
