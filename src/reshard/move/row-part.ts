import { type OwnershipKey, type ShardRule, shardRule } from '../../fence';
import type { Position, RoutingTable, Rule } from '../../routing';
import type { GroupMove, PlanRow } from '../../topology';
import type { Stretch } from '../rows';

/** What a row of a plan is for one shard that has other positions of it before than after. */
export interface RowPart {
  readonly shard: string;
  readonly oldRule: ShardRule;
  readonly newRule: ShardRule;
}

/** A row of a plan with the shards that take part in it. */
export interface MovingRow {
  readonly group: string;
  readonly since: Position;
  readonly upto: Position;
  /** By name. */
  readonly parts: readonly RowPart[];
}

/** What goes from one shard to another: the positions that both rules have. */
export interface Transfer {
  readonly source: string;
  readonly target: string;
  readonly rules: readonly [ShardRule, ShardRule];
}

/** The rows of a group's move, with the shards that take part in each. */
export function movingRows(group: string, { from, to, rows }: GroupMove): readonly MovingRow[] {
  const known = new Map<string, readonly RowPart[]>();
  return rows.map(({ since, upto }) => {
    const rules = [ruleAt(from, since), ruleAt(to, since)] as const;
    const key = JSON.stringify(rules);
    const parts = known.get(key) ?? partsOf(group, rules);
    known.set(key, parts);
    return { group, since, upto, parts };
  });
}

/** Names the row of a shard that is a part of a plan's row. */
export function partKey({ group, since }: Pick<MovingRow, 'group' | 'since'>, shard: string): OwnershipKey {
  return { shard, group, since };
}

/** A text that is the same for the same row of a plan only. */
export function rowId(group: string, { since }: Pick<PlanRow, 'since'>): string {
  return `${group} ${since}`;
}

/** What goes from where to where in rows with these parts. */
export function transfersOf(parts: readonly RowPart[]): readonly Transfer[] {
  return parts.flatMap(({ shard: source, oldRule }) =>
    parts.flatMap(({ shard: target, newRule }) =>
      source === target || isNone(oldRule) || isNone(newRule) ? [] : [{ source, target, rules: [oldRule, newRule] as const }],
    ),
  );
}

/** Whether a rule has no position at all. */
export function isNone({ modulus }: ShardRule): boolean {
  return modulus === 0;
}

/** Parts never change, rows share them, and they are compared for every chunk. */
const texts = new WeakMap<readonly RowPart[], string>();

/** Whether rows with these parts move alike, so that one chunk may have several of them. */
export function partsText(parts: readonly RowPart[]): string {
  const text = texts.get(parts) ?? JSON.stringify(parts);
  texts.set(parts, text);
  return text;
}

/** All of a row. */
export function wholeRow({ since, upto }: Pick<MovingRow, 'since' | 'upto'>): Stretch {
  return { from: since, upto };
}

function partsOf(group: string, [old, next]: readonly [Rule, Rule]): readonly RowPart[] {
  const shards = [...new Set([...old.shards, ...next.shards])].sort();
  return shards.flatMap((shard) => {
    const [oldRule, newRule] = [shardRule(old, shard, group), shardRule(next, shard, group)];
    const isSame = oldRule.modulus === newRule.modulus && oldRule.residue === newRule.residue;
    return isSame ? [] : [{ shard, oldRule, newRule }];
  });
}

const NOBODY: Rule = { shards: [] };

function ruleAt({ segments }: RoutingTable, position: Position): Rule {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle]!.since ?? Number.NEGATIVE_INFINITY) <= position) low = middle + 1;
    else high = middle;
  }
  const segment = segments[low - 1];
  return segment && position < (segment.upto ?? Number.POSITIVE_INFINITY) ? segment.rule : NOBODY;
}
