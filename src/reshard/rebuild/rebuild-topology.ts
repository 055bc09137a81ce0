import { randomUUID } from 'node:crypto';
import type { ClusterCore } from '../../cluster';
import { ConfigurationError, ReshardRefusedError, TopologyStoreError } from '../../errors';
import { checkConfigured, type LiveTopology } from '../../live';
import type { ShardingGroup } from '../../metadata';
import type { RoutingTable } from '../../routing';
import { type GroupMove, type PlanPhase, type TopologyPlan, type TopologyState, topologyOf, writeTopology } from '../../topology';
import { type RebuiltStretch, rebuildLine, type StretchState } from './rebuilt-line';
import { rebuiltTable } from './rebuilt-table';
import { readShardRows, type ShardRows } from './shard-rows';

/** What `cluster.reshard.rebuild()` made. */
export interface RebuildReport {
  /** Higher than any that a shard remembers. */
  readonly version: number;
  /** Names of the groups that were found. */
  readonly groups: readonly string[];
  /** The plan that was under way, if one was; it goes on with `cluster.reshard.resume()`. */
  readonly plan: { readonly phase: PlanPhase; readonly rows: number } | null;
}

/**
 * Makes a topology that its store has lost again, from what the databases remember: placements, and a plan that was under way with how
 * far each of its rows had come. Versions and tokens go on above the highest that any shard has seen. Weights are those of the
 * configuration.
 *
 * Works before `initialize()`, once entities are read. All processes of the cluster must be stopped: one that runs still has the lost
 * topology. A chunk whose commit no shard had heard of is moved anew, which loses nothing: nobody has written under it.
 *
 * @throws {ReshardRefusedError} when the store is not empty, or the shards contradict each other or the configuration; nothing was stored.
 * @throws {ShardError} when a shard does not answer; {@link TopologyStoreError} when the store does not.
 */
export async function rebuildTopology(live: LiveTopology): Promise<RebuildReport> {
  const { core, store } = live;
  if (await live.stored()) throw new ReshardRefusedError(['The topology store holds a topology. Only an empty one can be filled.']);
  const told = await readShardRows(core);
  const state = stateOf(core, told);
  checkAgainst(core, state);
  const outcome = await store.compareAndSwap(null, writeTopology(state));
  if (outcome !== 'stored') {
    const reason =
      outcome === 'conflict' ? 'another process stored a topology meanwhile.' : 'it did not say whether it stored the topology.';
    throw new TopologyStoreError('compareAndSwap', `${reason} Look what it holds with topology show.`, { retryable: true });
  }
  const { plan, tables, versionBase } = state;
  const rows = [...(plan?.moves.values() ?? [])].reduce((sum, move) => sum + move.rows.length, 0);
  return { version: versionBase + 1, groups: [...tables.keys()], plan: plan && { phase: plan.phase, rows } };
}

function stateOf(core: ClusterCore, told: ReadonlyMap<string, readonly ShardRows[]>): TopologyState {
  const all = [...told.values()].flatMap((shards) => shards.flatMap(({ rows }) => rows));
  const lines = [...told].map(([group, shards]) => ({ group, line: rebuildLine(group, shards) }));
  const faults = lines.flatMap(({ line }) => ('faults' in line ? line.faults : []));
  if (faults.length > 0) throw new ReshardRefusedError(faults);
  const moves = new Map<string, GroupMove>();
  for (const { group, line } of lines)
    if ('stretches' in line && line.stretches.length > 0) moves.set(group, moveOf(core, group, line.stretches));
  const states = new Set(lines.flatMap(({ line }) => ('stretches' in line ? line.stretches.map(({ state }) => state) : [])));
  const phase = phaseOf(states);
  if (phase === 'cleaning') for (const [group, move] of moves) moves.set(group, allMoved(move));
  const versionBase = Math.max(0, ...all.map(({ version }) => version));
  const tables = new Map([...moves].map(([group, { from, to }]) => [group, phase === 'cleaning' ? to : from] as const));
  const weights = weightsOf(core, moves);
  const plan = phase && planOf(core, { phase, weights, version: versionBase + 1, moves });
  return {
    cluster: core.options.name,
    versionBase,
    weights,
    tables,
    lastToken: Math.max(0, ...all.map(({ token }) => token)),
    plan: plan ?? null,
  };
}

/** The furthest that is sure: what has settled anywhere is being cleaned; while some have not begun, nothing was announced. */
function phaseOf(states: ReadonlySet<StretchState>): PlanPhase | undefined {
  if (states.has('settled') && (states.has('begun') || states.has('moving'))) {
    if (states.has('begun'))
      throw new ReshardRefusedError(['Some rows have ended their move and others have not begun it, which no plan does.']);
    return 'cleaning';
  }
  if (states.has('settled')) return 'cleaning';
  if (states.has('begun')) return 'preparing';
  return states.has('moving') ? 'announced' : undefined;
}

function moveOf(core: ClusterCore, group: string, stretches: readonly RebuiltStretch[]): GroupMove {
  const found = core.model.groups.find(({ name }) => name === group) as ShardingGroup;
  const table = (which: 'from' | 'to'): RoutingTable => {
    const form = formOf(core, found, { stretches, which });
    if (!form) throw new ReshardRefusedError([`Group ${group}: no shard owns a part of the line that lies between others.`]);
    return form;
  };
  return { from: table('from'), to: table('to'), rows: stretches.flatMap(({ row }) => row ?? []) };
}

/** No shard ends its part before the topology says that all has moved, though some may not have heard of the last commits. */
function allMoved(move: GroupMove): GroupMove {
  return { ...move, rows: move.rows.map((row) => ({ ...row, watermark: row.since })) };
}

/** A map of slots that a cancelled plan left is written in another way; which it was does not change who owns what. */
function formOf(core: ClusterCore, { name, placement }: ShardingGroup, { stretches, which }: Formed) {
  const configured = core.tables.get(name);
  const parameters = configured?.layout.parameters ?? '';
  return rebuiltTable(
    stretches.map((stretch) => ({ since: stretch.since, rule: stretch[which] })),
    { placement: placement.kind, parameters },
  );
}

function weightsOf(core: ClusterCore, moves: ReadonlyMap<string, GroupMove>): Readonly<Record<string, number>> {
  const owners = new Set([...moves.values()].flatMap(({ from, to }) => [...from.shards, ...to.shards]));
  return Object.fromEntries([...owners].sort().map((name) => [name, core.shards.get(name)?.weight || 1]));
}

function planOf(
  core: ClusterCore,
  { phase, weights, version, moves }: Pick<TopologyPlan, 'phase' | 'weights' | 'moves'> & { readonly version: number },
): TopologyPlan {
  return {
    id: randomUUID(),
    phase,
    // What was to come is not known of rows that were not begun, so it can only be dropped.
    order: phase === 'preparing' ? 'cancel' : 'go',
    guard: core.options.resharding.guard,
    title: 'rebuilt from the shards',
    announcedVersion: phase === 'preparing' ? 0 : version,
    finalVersion: 0,
    weights,
    moves: new Map([...moves].filter(([, { rows }]) => rows.length > 0)),
    movers: [],
  };
}

/** The first start compares configuration and topology in the same way, and must not fail when the store is full again. */
function checkAgainst(core: ClusterCore, state: TopologyState): void {
  const unknown = [...new Set([...state.tables.values()].flatMap(({ shards }) => shards))].filter((name) => !core.shards.has(name));
  if (unknown.length > 0) throw new ReshardRefusedError(unknown.map((name) => `The configuration does not name shard "${name}".`));
  try {
    checkConfigured(core, topologyOf(state, 1));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ReshardRefusedError(error.faults, { cause: error });
  }
}

interface Formed {
  readonly stretches: readonly RebuiltStretch[];
  readonly which: 'from' | 'to';
}
