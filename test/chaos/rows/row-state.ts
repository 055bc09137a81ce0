/** What is stored of one key; null: nothing. `entries` are the amounts of the rows beside it, null where there is none. */
export type RowState = null | { readonly stamp: number; readonly count: number; readonly entries: readonly (number | null)[] };

/** How many rows may lie beside one account. */
export const entrySlots = 3;

/** No rows beside it. */
export const noEntries: readonly null[] = [null, null, null];

/** One text for each state, for comparisons and reports. */
export function stateText(state: RowState): string {
  return state === null ? 'absent' : `${state.stamp}/${state.count}/[${state.entries.map((amount) => amount ?? '-').join(',')}]`;
}

/** What an operation makes of a state. */
export type Effect = (state: RowState) => RowState;
