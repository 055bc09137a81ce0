import type { OwnershipRow } from './ownership-row';

/**
 * What became of one mark.
 *
 *   done      the row is as it was asked to be
 *   refused   the row's token or marks do not allow it, or there is no such row: nothing was changed
 *   blocked   others held the row for all of the time: nothing was changed, and it may be tried again
 */
export type MarkOutcome =
  | { readonly kind: 'done'; readonly row: OwnershipRow }
  | { readonly kind: 'refused'; readonly row: OwnershipRow | undefined }
  | { readonly kind: 'blocked'; readonly cause: unknown };
