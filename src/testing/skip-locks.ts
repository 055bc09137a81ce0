import type { DataSource, SelectQueryBuilder } from 'typeorm';

/**
 * Lets queries ask for pessimistic locks, which SQLite does not know and TypeORM refuses for it. Transactions of one test shard run one
 * after another, so whoever has begun one has locked every row; only the words are left out of the statement.
 */
export function skipLocks(source: DataSource): void {
  const create = source.createQueryBuilder.bind(source) as (...args: readonly unknown[]) => SelectQueryBuilder<object>;
  Object.assign(source, { createQueryBuilder: (...args: readonly unknown[]) => withoutLocks(create(...args)) });
}

function withoutLocks(builder: SelectQueryBuilder<object>): SelectQueryBuilder<object> {
  const { clone } = builder;
  return Object.assign(builder, {
    createLockExpression: () => '',
    // TypeORM runs joined pages on clones.
    clone: () => withoutLocks(clone.call(builder)),
  });
}
