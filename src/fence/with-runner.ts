import type { QueryRunner } from 'typeorm';
import { namedRunner, type ShardDataSource } from '../cluster';

/** Gives work a connection of the member's own database, never of a replica, and gives it back. @throws {ShardError} of its statements. */
export async function withRunner<T>(source: ShardDataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = namedRunner(source);
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}
