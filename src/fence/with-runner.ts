import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';

/** Gives work a connection of the member's own database, never of a replica, and gives it back. */
export async function withRunner<T>(source: ShardDataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner('master');
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}
