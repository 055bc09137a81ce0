import type { OwnershipRow } from '../../fence';
import { comparePositions, earlierOf, type Position, type Rule } from '../../routing';
import type { PlanRow } from '../../topology';
import { type Composed, composeRule } from './composed-rule';
import type { ShardRows } from './shard-rows';

/*
 * How far the plan had come that a stretch shows, by what its shards say:
 *
 *   rest       all are at rest, and what they own makes up one rule
 *   begun      some have begun the move and others not: nothing has moved, since no chunk is taken before all have begun
 *   moving     all have begun; the lowest watermark that any shard knows is where the topology was, or just above it
 *   settled    some have ended it, and others not: all has moved, since none ends it before
 */

/** How far the plan that a stretch shows had come. */
export type StretchState = 'rest' | 'begun' | 'moving' | 'settled';

/** A stretch of the line as its shards remember it. */
export interface RebuiltStretch {
  readonly since: Position;
  readonly upto: Position;
  readonly state: StretchState;
  readonly from: Rule | 'nobody';
  readonly to: Rule | 'nobody';
  /** Of one that is not at rest. */
  readonly row?: PlanRow;
}

/** The line of a group, or what shards say that cannot be true of one line; one sentence each. */
export type RebuiltLine = { readonly stretches: readonly RebuiltStretch[] } | { readonly faults: readonly string[] };

/** Puts the line of a group together from what its shards remember. */
export function rebuildLine(group: string, shards: readonly ShardRows[]): RebuiltLine {
  const told = shards.filter(({ rows }) => rows.length > 0);
  const borders = bordersOf(told);
  const stretches: RebuiltStretch[] = [];
  const faults: string[] = [];
  for (let index = 0; index + 1 < borders.length; index += 1) {
    const [since, upto] = [borders[index] as Position, borders[index + 1] as Position];
    const covering = told.flatMap(({ rows }) => rows.find((row) => row.since <= since && since < row.upto) ?? []);
    const missing = told.filter(({ shard }) => !covering.some((row) => row.shard === shard));
    if (missing.length > 0) faults.push(`Group ${group}: shard ${missing[0]?.shard} remembers nothing from ${since} to ${upto}.`);
    const stretch = stretchOf(since, upto, covering);
    if (stretch) stretches.push(stretch);
    else faults.push(contradiction(group, { since, upto, covering }));
  }
  return faults.length > 0 ? { faults: faults.slice(0, MOST_FAULTS) } : { stretches };
}

const MOST_FAULTS = 10;

function bordersOf(shards: readonly ShardRows[]): readonly Position[] {
  const all = shards.flatMap(({ rows }) => rows.flatMap(({ since, upto }) => [since, upto]));
  return [...all].sort(comparePositions).filter((border, index, sorted) => index === 0 || border !== sorted[index - 1]);
}

function stretchOf(since: Position, upto: Position, rows: readonly OwnershipRow[]): RebuiltStretch | undefined {
  const moving = rows.filter(isMoving);
  const parts = (which: 'oldRule' | 'newRule', of = rows) => composeRule(of.map((row) => ({ shard: row.shard, rule: row[which] })));
  const [old, next] = [parts('oldRule'), parts('newRule')];
  if (moving.length === 0) return old && { since, upto, state: 'rest', from: old, to: old };
  const bounds = sameBounds(moving);
  if (!bounds || bounds.since !== since || bounds.upto !== upto) return undefined;
  const watermark = moving.map((row) => row.watermark).reduce(earlierOf);
  const token = Math.max(...rows.map((row) => row.token));
  const state = stateOf(old, next);
  const [hasMoved, hasNot] = [watermark === since, watermark === upto];
  if (!state || (state === 'begun' && !hasNot) || (state === 'settled' && !hasMoved)) return undefined;
  const own = (which: 'oldRule' | 'newRule') => parts(which, moving);
  const from = state === 'settled' ? known(own('oldRule'), next) : old;
  const to = state === 'begun' ? known(own('newRule'), old) : next;
  if (!from || !to) return undefined;
  return { since, upto, state, from, to, row: { since, upto, watermark, token } };
}

/** A stretch that one shard owns can neither have been nobody's before nor become it: then some of its shards have not said so yet. */
function stateOf(old: Composed, next: Composed): StretchState | undefined {
  const [isOld, isNext] = [old !== undefined && old !== 'nobody', next !== undefined && next !== 'nobody'];
  if (isOld && isNext) return 'moving';
  if (isOld) return 'begun';
  return isNext ? 'settled' : undefined;
}

/** What those that have not ended, or have begun, the move make up; where that is not whole, the other placement. */
function known(own: Composed, other: Composed): Composed {
  return own === undefined || own === 'nobody' ? other : own;
}

function isMoving({ oldRule, newRule, watermark, since }: OwnershipRow): boolean {
  return oldRule.modulus !== newRule.modulus || oldRule.residue !== newRule.residue || watermark !== since;
}

function sameBounds(rows: readonly OwnershipRow[]): OwnershipRow | undefined {
  const [first] = rows;
  return rows.every(({ since, upto }) => since === first?.since && upto === first.upto) ? first : undefined;
}

function contradiction(
  group: string,
  { since, upto, covering }: Pick<PlanRow, 'since' | 'upto'> & { readonly covering: readonly OwnershipRow[] },
): string {
  const said = covering
    .filter((row) => row.oldRule.modulus > 0 || row.newRule.modulus > 0)
    .map(
      ({ shard, oldRule, newRule, watermark }) => `${shard} ${shown(oldRule)} before and ${shown(newRule)} after, watermark ${watermark}`,
    );
  return `Group ${group}: from ${since} to ${upto} the shards contradict each other: ${said.join('; ') || 'nobody owns it'}.`;
}

function shown({ modulus, residue }: OwnershipRow['oldRule']): string {
  if (modulus === 0) return 'owns nothing';
  return modulus === 1 ? 'owns all' : `owns ${residue} of ${modulus}`;
}
