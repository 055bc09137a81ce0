import type { GroupMove, PlanRow, TopologyPlan, TopologyState } from '../../topology';
import { rowId } from './row-part';

/** The state with another plan. */
export function withPlan(state: TopologyState, plan: TopologyPlan | null): TopologyState {
  const { cluster, versionBase, weights, tables, lastToken } = state;
  return { cluster, versionBase, weights, tables, lastToken, plan };
}

/** The plan with other rows: each is what `edit` makes of it, and those for which it answers undefined are gone. */
export function withRows(plan: TopologyPlan, edit: (row: PlanRow, group: string) => PlanRow | undefined): TopologyPlan {
  const moves = [...plan.moves].map(
    ([group, move]) => [group, { ...move, rows: move.rows.flatMap((row) => edit(row, group) ?? []) }] as const,
  );
  return { ...plan, moves: new Map<string, GroupMove>(moves) };
}

/** A row of a plan with the name of its group. */
export type PlannedRow = PlanRow & { readonly group: string };

/** Plans never change, have thousands of rows, and are asked for them for every chunk; most rows are those of the plan before. */
const rowsOfPlans = new WeakMap<TopologyPlan, readonly PlannedRow[]>();
const plannedRows = new WeakMap<PlanRow, PlannedRow>();

/** All rows of a plan. */
export function rowsOf(plan: TopologyPlan): readonly PlannedRow[] {
  const known = rowsOfPlans.get(plan);
  if (known) return known;
  const rows = [...plan.moves].flatMap(([group, move]) => move.rows.map((row) => plannedRow(row, group)));
  rowsOfPlans.set(plan, rows);
  return rows;
}

function plannedRow(row: PlanRow, group: string): PlannedRow {
  const known = plannedRows.get(row);
  if (known?.group === group) return known;
  const planned = { ...row, group };
  plannedRows.set(row, planned);
  return planned;
}

/** Gives rows to a mover under the next token; movers that are left without any are forgotten. */
export function leased(state: TopologyState, plan: TopologyPlan, lease: { readonly rows: ReadonlySet<string>; readonly client: string }) {
  const token = state.lastToken + 1;
  const taken = withRows(plan, (row, group) => (lease.rows.has(rowId(group, row)) ? { ...row, token } : row));
  const held = new Set(rowsOf(taken).map((row) => row.token));
  const movers = [...plan.movers.filter((mover) => held.has(mover.token)), { token, client: lease.client }];
  return { token, state: { ...withPlan(state, { ...taken, movers }), lastToken: token } };
}

/** Whether nothing of the row has moved. */
export function isWaiting({ watermark, upto }: PlanRow): boolean {
  return watermark === upto;
}

/** Whether all of the row has moved. */
export function isMoved({ watermark, since }: PlanRow): boolean {
  return watermark === since;
}

/** Whether a part of the row has moved. */
export function isBegun(row: PlanRow): boolean {
  return !isWaiting(row) && !isMoved(row);
}

/** The shards that have rows of the plan's groups before or after it, by name. */
export function shardsOfPlan({ moves }: Pick<TopologyPlan, 'moves'>): readonly string[] {
  return [...new Set([...moves.values()].flatMap(({ from, to }) => [...from.shards, ...to.shards]))].sort();
}
