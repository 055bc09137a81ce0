import { hash } from 'node:crypto';

// The inner loops run millions of times; a look-up of the global each time would show.
const { imul, max } = Math;

/** Stands for the owner of a slot that has none. */
export const UNOWNED = -1;

/** Two 32-bit seeds of a shard, from its name, so that 4096 × 1000 scores need no more than 1000 hashes. */
type Seed = readonly [number, number];

/**
 * Takes from every shard the slots that it owns beyond its plan: those that some shard with room would rank highest.
 *
 * @param slots - The index of each slot's owner, or {@link UNOWNED}; changed in place.
 * @param names - The shards.
 * @param planned - How many slots each shall own.
 */
export function releaseSlots(slots: Int32Array, names: readonly string[], planned: Int32Array): void {
  const room = roomLeft(slots, planned);
  const takers = names.filter((_, index) => room[index]! > 0).map(seedOf);
  for (const [donor, surplus] of room.map((value) => -value).entries()) {
    if (surplus <= 0) continue;
    const owned = Array.from(slots.keys()).filter((slot) => slots[slot] === donor);
    const ranked = owned.map((slot) => ({ slot, score: bestScore(takers, slot) })).sort((a, b) => b.score - a.score || a.slot - b.slot);
    for (const { slot } of ranked.slice(0, surplus)) slots[slot] = UNOWNED;
  }
}

/**
 * Gives every slot without an owner to the shard that ranks highest for it among those with room: rendezvous hashing with bounded loads.
 *
 * The parameters are those of {@link releaseSlots}.
 */
export function handOut(slots: Int32Array, names: readonly string[], planned: Int32Array): void {
  const room = roomLeft(slots, planned);
  const seeds = names.map(seedOf);
  for (const slot of slots.keys()) {
    if (slots[slot] !== UNOWNED) continue;
    const owner = highestWithRoom(seeds, room, slot);
    slots[slot] = owner;
    room[owner]! -= 1;
  }
}

function roomLeft(slots: Int32Array, planned: Int32Array): Int32Array {
  const room = planned.slice();
  for (const owner of slots) if (owner !== UNOWNED) room[owner]! -= 1;
  return room;
}

function highestWithRoom(seeds: readonly Seed[], room: Int32Array, slot: number): number {
  let [highest, highestScore] = [UNOWNED, -1];
  for (let index = 0; index < seeds.length; index += 1) {
    if (room[index]! <= 0) continue;
    const score = scoreOf(seeds[index]!, slot);
    if (score > highestScore) [highest, highestScore] = [index, score];
  }
  return highest;
}

function bestScore(seeds: readonly Seed[], slot: number): number {
  return seeds.reduce((best, seed) => max(best, scoreOf(seed, slot)), -1);
}

function seedOf(name: string): Seed {
  const digest = hash('md5', name);
  return [Number.parseInt(digest.slice(0, 8), 16) | 0, Number.parseInt(digest.slice(8, 16), 16) | 0];
}

function scoreOf([first, second]: Seed, slot: number): number {
  return mixed(mixed(first ^ imul(slot + 1, 0x9e3779b1)) ^ second) >>> 0;
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain). */
function mixed(value: number): number {
  let bits = value;
  bits = imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
