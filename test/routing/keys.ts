import { createHash } from 'node:crypto';
import { hashPosition, type RingMember, type RoutingTable } from '../../src/routing';

/** MD5 in hexadecimal, by the other interface of node:crypto than the code uses. */
export function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex');
}

/** The keys of the published experiment: md5("0") … md5("9999"). */
export const publishedKeys: readonly string[] = Array.from({ length: 10_000 }, (_, index) => md5(String(index)));

/** Names `s0`, `s1`, … */
export function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `s${index}`);
}

/** How many of the keys each shard owns. */
export function countKeys(table: RoutingTable, keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys) {
    const owner = table.ownerOf(hashPosition(key));
    counts[owner] = (counts[owner] ?? 0) + 1;
  }
  return counts;
}

/** The first position of each slot of the default ring. */
export const slotPositions: readonly number[] = Array.from({ length: 4096 }, (_, slot) => slot * 2 ** 36);

/** Who owns each slot of the default ring. */
export function slotOwners(table: RoutingTable): string[] {
  return slotPositions.map((position) => table.ownerOf(position));
}

/** How many slots each shard owns. */
export function slotCounts(table: RoutingTable): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const owner of slotOwners(table)) counts[owner] = (counts[owner] ?? 0) + 1;
  return counts;
}

/** Each member's exact share of 4096 slots. */
export function exactQuotas(members: readonly RingMember[]): Record<string, number> {
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  return Object.fromEntries(members.map(({ name, weight }) => [name, (4096 * weight) / total]));
}
