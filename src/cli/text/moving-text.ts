import type { GroupMove, Topology, TopologyPlan } from '../../topology';
import { phaseText } from '../progress/progress-text';
import { facts, table } from './table';

/** How far the stretches of one group are. */
export interface MovingGroup {
  readonly group: string;
  /** Stretches of the line that come under another rule. */
  readonly stretches: number;
  readonly moved: number;
  readonly moving: number;
  readonly waiting: number;
}

/** What is moving, as the topology says. */
export interface MovingFacts {
  readonly id: string;
  readonly title: string;
  readonly phase: string;
  readonly order: string;
  readonly groups: readonly MovingGroup[];
  /** Client ids of the processes that have taken part; they may have ended. */
  readonly movers: readonly string[];
}

/** What is moving; null at rest. */
export function movingFacts({ plan }: Pick<Topology, 'plan'>): MovingFacts | null {
  if (!plan) return null;
  const { id, title, phase, order, moves, movers } = plan;
  const groups = [...moves].map(([group, { rows }]) => ({ group, ...countedRows(rows, phase) }));
  return { id, title, phase, order, groups, movers: [...new Set(movers.map(({ client }) => client))] };
}

/** {@link MovingFacts} for people. */
export function movingText({ id, title, phase, order, groups, movers }: MovingFacts): string {
  const head = facts([
    ['Plan', `${title} (${id})`],
    ['phase', `${phase}: ${phaseText(phase as TopologyPlan['phase'])}`],
    ['ordered', order === 'go' ? undefined : order],
    ['movers', movers.length > 0 ? movers.join(', ') : 'none; typeorm-sharding reshard resume goes on with it'],
  ]);
  const counts = table(groups, [
    { title: 'group', cell: ({ group }) => group },
    { title: 'stretches', cell: ({ stretches }) => stretches },
    { title: 'moved', cell: ({ moved }) => moved },
    { title: 'moving', cell: ({ moving }) => moving },
    { title: 'waiting', cell: ({ waiting }) => waiting },
  ]);
  return `${head}\n\n${counts}`;
}

/** From `cleaning` on all of a plan has moved that ever will. */
function countedRows(rows: GroupMove['rows'], phase: TopologyPlan['phase']): Omit<MovingGroup, 'group'> {
  const isOver = phase === 'cleaning' || phase === 'disarming';
  const moved = rows.filter(({ since, watermark }) => watermark === since).length;
  const waiting = rows.filter(({ since, upto, watermark, token }) => watermark === upto && watermark !== since && token === 0).length;
  return {
    stretches: rows.length,
    moved: isOver ? rows.length : moved,
    moving: isOver ? 0 : rows.length - moved - waiting,
    waiting: isOver ? 0 : waiting,
  };
}
