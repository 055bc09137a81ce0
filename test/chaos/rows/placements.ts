import { modulo, type Placement, ranges } from 'typeorm-sharding';

/** The tables that go by integers, and whose placement is given anew as a whole. */
export type KeyedTable = 'Meter' | 'Reading';

/** Over two shards, and over all three. */
const placements: Readonly<Record<KeyedTable, Readonly<Record<'narrow' | 'wide', () => Placement>>>> = {
  Meter: { narrow: () => modulo(['s1', 's2']), wide: () => modulo(['s1', 's2', 's3']) },
  Reading: {
    narrow: () =>
      ranges([
        { from: 0, shard: 's1' },
        { from: 2_000_000, shard: 's2' },
      ]),
    wide: () =>
      ranges([
        { from: 0, shard: 's1' },
        { from: 1_000_000, shard: 's3' },
        { from: 2_000_000, shard: 's2' },
        { from: 3_000_000, shard: 's1' },
      ]),
  },
};

/** How wide a table's placement is to be. */
export type Width = 'narrow' | 'wide';

/** The placement of a table. */
export function placementOf(table: KeyedTable, width: Width): Placement {
  return placements[table][width]();
}

/** What a process of the trial is configured with: as users deploy it once a placement has changed. */
export function configuredPlacement(table: KeyedTable): Placement {
  const wide = (process.env.CHAOS_WIDE ?? '').split(',');
  return placementOf(table, wide.includes(table) ? 'wide' : 'narrow');
}
