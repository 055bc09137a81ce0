import { type RoutingTable, type ShardName, SLOT_COUNT } from '../routing';
import { SLOT_LENGTH } from './rows-at-rest';

/** The placements before and after a plan. */
export interface PlacementPair {
  readonly from: RoutingTable;
  readonly to: RoutingTable;
}

/**
 * The slots that a shard has before a plan and keeps after it, as one bit each: slot n is bit `n % 8`, from the lowest, of byte
 * `floor(n / 8)`. Nothing ever freezes them while the plan lasts, so their guard has nothing to look up and nothing to lock.
 *
 * @param pair - Both placements on slots.
 */
export function stayingSlots({ from, to }: PlacementPair, shard: ShardName): Buffer {
  const bits = Buffer.alloc(SLOT_COUNT / 8);
  for (let slot = 0; slot < SLOT_COUNT; slot += 1) {
    const position = slot * SLOT_LENGTH;
    if (from.ownerOf(position) === shard && to.ownerOf(position) === shard) bits[slot >> 3]! |= 1 << (slot & 7);
  }
  return bits;
}

/** How far a position is shifted to give its slot. */
export const SLOT_SHIFT = Math.log2(SLOT_LENGTH);

/** The bits as they stand in the text of a guard, and nothing else there looks like them. */
const WRITTEN = new RegExp(`(?<![0-9a-f])[0-9a-f]{${SLOT_COUNT / 4}}(?![0-9a-f])`);

/** A guard's text, and the slots that it lets stay. */
interface SplitText {
  /** With a mark in place of the bits. */
  readonly text: string;
  readonly staying: Buffer;
}

/** Takes the bits of {@link stayingSlots} out of a guard's text; none stay where it has none. */
export function splitStaying(text: string): SplitText {
  const [written] = WRITTEN.exec(text) ?? [];
  return written === undefined
    ? { text, staying: Buffer.alloc(0) }
    : { text: text.replace(written, 'staying'), staying: Buffer.from(written, 'hex') };
}

/**
 * Whether a guard says what it must: the same but for slots that stay, of which it may know fewer. A plan that is cancelled leaves more
 * slots where they are than its guards were made for.
 */
export function isAsStrict(installed: string, wanted: string): boolean {
  // Some databases give the whole statement, others just the body.
  if (installed.endsWith(wanted)) return true;
  const [is, must] = [splitStaying(installed), splitStaying(wanted)];
  return is.text.endsWith(must.text) && is.staying.every((byte, index) => (byte & ~must.staying[index]!) === 0);
}
