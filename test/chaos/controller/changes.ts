import { addedWeight } from '../library';
import type { KeyedTable, Width } from '../rows/placements';

/** What is planned and moved; placements are named by their width, since they are no texts. */
export type Change = object | { readonly table: KeyedTable; readonly width: Width };

/** Made one after the other, over and over: the last one leaves everything as it was before the first. */
export const changes: readonly Change[] = [
  { add: ['s3'] },
  { table: 'Meter', width: 'wide' },
  { reweigh: { s3: 2 * addedWeight } },
  { table: 'Reading', width: 'wide' },
  { table: 'Meter', width: 'narrow' },
  { table: 'Reading', width: 'narrow' },
  { remove: ['s3'] },
];

/** Whether the third shard comes to own rows of a group that it had none of. */
export function isAdding(change: Change): boolean {
  return 'add' in change || ('width' in change && change.width === 'wide');
}
