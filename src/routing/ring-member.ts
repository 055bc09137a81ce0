import type { ShardName } from './rule';

/** A shard and how much of a ring it owns, relative to the others. */
export interface RingMember {
  /** Name of the shard. */
  readonly name: ShardName;
  /**
   * Share of the ring, relative to the sum of all weights; without a unit, 0 or more.
   *
   * With weight 0 a shard owns nothing and changes neither the table nor its checksum. `ranges` and `modulo` name their owners
   * and ignore weights.
   */
  readonly weight: number;
}

/** What {@link checkMembers} found: the members, sorted by name so that the order given cannot matter, and the faults. */
export interface CheckedMembers {
  readonly members: readonly RingMember[];
  /** One sentence for each fault; none when the members can be compiled. */
  readonly faults: readonly string[];
}

/** Reads the members of a cluster, a bare name having weight 1. It throws nothing: it collects every fault. */
export function checkMembers(given: readonly (ShardName | RingMember)[]): CheckedMembers {
  if (given.length === 0) return { members: [], faults: ['There is no shard.'] };
  const members = given.map(memberOf).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return { members, faults: [...members.flatMap(faultsOf), ...duplicateFaults(members)] };
}

function memberOf(given: ShardName | RingMember): RingMember {
  return typeof given === 'string' ? { name: given, weight: 1 } : given;
}

function faultsOf({ name, weight }: RingMember): string[] {
  const faults: string[] = [];
  if (typeof name !== 'string' || name === '') faults.push('A shard has no name.');
  if (!Number.isFinite(weight) || weight < 0) faults.push(`The weight of shard "${name}" must be a finite number, 0 or more.`);
  return faults;
}

function duplicateFaults(members: readonly RingMember[]): string[] {
  const duplicates = members.filter(
    ({ name }, index) => name !== '' && name === members[index - 1]?.name && name !== members[index - 2]?.name,
  );
  return duplicates.map(({ name }) => `The name "${name}" is given to several shards.`);
}
