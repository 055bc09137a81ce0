import { NONE, shardRule } from '../../fence';
import type { Position, RoutingTable, Rule } from '../../routing';
import type { GroupMove } from '../../topology';
import type { MovedStretch } from '../rows';

/** What moves from one shard to another: stretches of the line, and which of their positions. */
export interface MovingPair {
  readonly from: string;
  readonly to: string;
  readonly stretches: readonly MovedStretch[];
}

/** The pairs of shards between which a group's rows move; neighbouring stretches are joined. In order of their names. */
export function movingPairs(group: string, move: GroupMove): readonly MovingPair[] {
  const pairs = new Map<string, { readonly from: string; readonly to: string; readonly stretches: MovedStretch[] }>();
  for (const { since, upto } of move.rows) {
    const [old, next] = [ruleAt(move.from, since), ruleAt(move.to, since)];
    for (const from of new Set(old.shards)) {
      for (const to of new Set(next.shards)) {
        if (from === to) continue;
        const key = JSON.stringify([from, to]);
        const pair = pairs.get(key) ?? { from, to, stretches: [] };
        pairs.set(key, pair);
        join(pair.stretches, { from: since, upto, rules: [shardRule(old, from, group), shardRule(next, to, group)] });
      }
    }
  }
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair);
}

/** The stretches that move and of which a shard owns nothing before: no row of it may be there. */
export function foreignStretches(group: string, move: GroupMove, shard: string): readonly MovedStretch[] {
  const stretches: MovedStretch[] = [];
  for (const { since, upto } of move.rows) {
    if (shardRule(ruleAt(move.from, since), shard, group) === NONE) join(stretches, { from: since, upto, rules: [] });
  }
  return stretches;
}

/** The stretches of the whole line of which a shard owns nothing before. */
export function ownedByOthers({ from }: GroupMove, shard: string): readonly MovedStretch[] {
  const stretches: MovedStretch[] = [];
  for (const { since, upto, rule } of from.segments) {
    if (rule.shards.includes(shard)) continue;
    join(stretches, { from: since ?? Number.NEGATIVE_INFINITY, upto: upto ?? Number.POSITIVE_INFINITY, rules: [] });
  }
  return stretches;
}

/** The rule of a table at a position; nobody's where it has no beginning yet. */
export function ruleAt({ segments }: RoutingTable, position: Position): Rule {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle]?.since ?? Number.NEGATIVE_INFINITY) <= position) low = middle + 1;
    else high = middle;
  }
  return segments[low - 1]?.rule ?? { shards: [] };
}

function join(stretches: MovedStretch[], next: MovedStretch): void {
  const last = stretches.at(-1);
  const isNeighbour = last?.upto === next.from && JSON.stringify(last.rules) === JSON.stringify(next.rules);
  if (last && isNeighbour) stretches[stretches.length - 1] = { ...last, upto: next.upto };
  else stretches.push(next);
}
