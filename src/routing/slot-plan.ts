import type { RingMember } from './ring-member';

/** Room for the rounding of floating-point quotas. */
const EPSILON = 1e-6;

/** How many slots a shard may be off its quota, beyond rounding, before slots move between shards that neither join nor leave. */
const DRIFT_SLOTS = 1;

/**
 * Computes each shard's exact share of the slots.
 *
 * A shard whose share is below one slot gets one, and the others divide the rest by weight.
 *
 * @param owners - At most `slotCount` members with a weight above 0, in a fixed order, because floating-point sums depend on it.
 * @returns Numbers of slots, fractions included, that add up to `slotCount`.
 */
export function slotQuotas(owners: readonly RingMember[], slotCount: number): readonly number[] {
  const largest = owners.reduce((max, { weight }) => Math.max(max, weight), 0);
  // Relative to the largest, so that no sum overflows.
  const weights = owners.map(({ weight }) => weight / largest);
  const isSmall = weights.map(() => false);
  for (;;) {
    const total = weights.reduce((sum, weight, index) => (isSmall[index] ? sum : sum + weight), 0);
    const slotsLeft = slotCount - isSmall.filter(Boolean).length;
    const quotas = weights.map((weight, index) => (isSmall[index] ? 1 : (slotsLeft * weight) / total));
    const small = quotas.flatMap((quota, index) => (quota < 1 - EPSILON ? [index] : []));
    if (small.length === 0) return quotas;
    for (const index of small) isSmall[index] = true;
  }
}

/**
 * Decides how many slots each shard shall own, moving as few as even shares allow.
 *
 * 1. Slots without an owner go to whoever lacks most. So after a shard left, the others only take.
 * 2. Shards that join take from whoever exceeds its quota most, until rounding alone keeps both apart. So the others only give.
 * 3. Only if somebody is then off its quota by more than rounding and a slot, because weights were changed, slots move between the
 *    others too. The slot of tolerance leaves 1 and 2 undisturbed when their roundings add up, and a map that was just made as it is.
 *
 * @param slots - The index of each slot's owner, or a negative number.
 * @param quotas - See {@link slotQuotas}.
 * @param isStayer - Which shards the map in force knows.
 * @returns How many slots each shard shall own; they add up to `slots.length`.
 */
export function planSlots(slots: Int32Array, quotas: readonly number[], isStayer: readonly boolean[]): Int32Array {
  const counts = new Int32Array(quotas.length);
  for (const owner of slots) if (owner >= 0) counts[owner]! += 1;
  const excess = quotas.map((quota, index) => counts[index]! - quota);
  const everyone = [...quotas.keys()];
  const joiners = everyone.filter((index) => !isStayer[index]);
  const stayers = everyone.filter((index) => isStayer[index]);

  giveUnowned(slots.length - counts.reduce((sum, count) => sum + count, 0), excess, everyone);
  level(excess, stayers, joiners);
  if (excess.some((value) => Math.abs(value) >= 1 + DRIFT_SLOTS)) level(excess, everyone, everyone);
  return Int32Array.from(excess, (value, index) => Math.round(value + quotas[index]!));
}

function giveUnowned(count: number, excess: number[], takers: readonly number[]): void {
  for (let given = 0; given < count; given += 1) excess[leastOf(excess, takers)]! += 1;
}

/** Moves slots one by one from the donor that exceeds most to the taker that lacks most, until both ends are within rounding. */
function level(excess: number[], donors: readonly number[], takers: readonly number[]): void {
  if (donors.length === 0 || takers.length === 0) return;
  for (;;) {
    const [donor, taker] = [mostOf(excess, donors), leastOf(excess, takers)];
    const isWithinRounding = excess[donor]! < 1 - EPSILON && excess[taker]! > -1 + EPSILON;
    if (isWithinRounding || excess[donor]! - excess[taker]! <= 1 + EPSILON) return;
    excess[donor]! -= 1;
    excess[taker]! += 1;
  }
}

function leastOf(excess: readonly number[], indexes: readonly number[]): number {
  return indexes.reduce((least, index) => (excess[index]! < excess[least]! ? index : least));
}

function mostOf(excess: readonly number[], indexes: readonly number[]): number {
  return indexes.reduce((most, index) => (excess[index]! > excess[most]! ? index : most));
}
