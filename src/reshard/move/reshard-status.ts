import type { LiveTopology } from '../../live';
import type { PlanOrder, PlanPhase } from '../../topology';
import { blockingClients } from './barrier';
import { patiently } from './change-topology';
import { liveTokens } from './live-movers';
import { isBegun, isMoved, isWaiting } from './plan-edits';

/** How many rows of a plan stand how, in one group. */
export interface GroupStatus {
  /** Name of the group. */
  readonly group: string;
  /** Rows of the plan of which nothing has moved. */
  readonly waiting: number;
  /** Rows of the plan of which a part has moved. */
  readonly begun: number;
  /** Rows of the plan that have moved; while cleaning those that are not cleaned yet. */
  readonly moved: number;
}

/** A process that has taken rows of a plan. */
export interface MoverStatus {
  /** Its client id. */
  readonly client: string;
  /** Whether it was heard of lately, as far as this process can tell. */
  readonly isAlive: boolean;
  /** Rows of the plan that it has. */
  readonly rows: number;
}

/** How a plan stands, as any process can tell from the topology. */
export interface ReshardStatus {
  /** The plan that it belongs to. */
  readonly planId: string;
  /** What was asked for, in words. */
  readonly title: string;
  /** How far the plan has come. */
  readonly phase: PlanPhase;
  /** What the movers were told to do. */
  readonly order: PlanOrder;
  /** How far each group has come. */
  readonly groups: readonly GroupStatus[];
  /** The processes that have a lease of rows. */
  readonly movers: readonly MoverStatus[];
  /** Ids of the clients that have not acknowledged the plan yet; only while it waits for them. */
  readonly blockedBy: readonly string[];
}

/** Says how the plan stands that the topology has; null when nothing moves. @throws {TopologyStoreError} when the store does not answer. */
export async function reshardStatus(live: LiveTopology): Promise<ReshardStatus | null> {
  const { plan } = await patiently(() => live.refresh());
  if (!plan) return null;
  const others = await liveTokens(live, plan);
  const tokens = [...plan.moves.values()].flatMap(({ rows }) => rows.map(({ token }) => token));
  return {
    planId: plan.id,
    title: plan.title,
    phase: plan.phase,
    order: plan.order,
    groups: [...plan.moves].map(([group, { rows }]) => ({
      group,
      waiting: rows.filter(isWaiting).length,
      begun: rows.filter(isBegun).length,
      moved: rows.filter(isMoved).length,
    })),
    movers: plan.movers.map(({ token, client }) => ({
      client,
      isAlive: client === live.id || others.has(token),
      rows: tokens.filter((each) => each === token).length,
    })),
    blockedBy: plan.phase === 'announced' ? (await blockingClients({ live }, plan)).map(({ id }) => id) : [],
  };
}
