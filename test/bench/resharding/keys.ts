import type { RoutingTable, ShardedDataSource } from 'typeorm-sharding';

/** What a plan has beside what the package exports. */
interface PlanWithMoves {
  readonly moves: ReadonlyMap<string, { readonly to: RoutingTable }>;
}

/** A hundredth of the rows moves at least. */
const ROWS_PER_KEY = 250;

/** Keys of rows that get another owner when the second shard joins, or of rows that do not. */
export async function keysOf(
  cluster: ShardedDataSource,
  { count, isMoving }: { readonly count: number; readonly isMoving: boolean },
): Promise<readonly string[]> {
  const plan = (await cluster.reshard.plan({ add: ['s2'] })) as unknown as PlanWithMoves;
  const { to } = plan.moves.get('Account')!;
  const rows: readonly { readonly id: string; readonly position: unknown }[] = await cluster
    .shard('s1')
    .dataSource.query(`SELECT id, _shard_position AS position FROM account ORDER BY id LIMIT ${count * ROWS_PER_KEY}`);
  const found = rows.filter(({ position }) => (to.ownerOf(Number(position)) === 's2') === isMoving);
  return found.slice(0, count).map(({ id }) => id);
}
