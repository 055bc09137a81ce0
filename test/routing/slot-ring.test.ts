import fc from 'fast-check';
import { hashPosition, hashRing, modulo, type RingMember, type RoutingTable } from '../../src/routing';
import { countKeys, exactQuotas, md5, names, publishedKeys, slotCounts, slotOwners, slotPositions } from './keys';

const ring = hashRing();
const weight = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 5 }), fc.double({ min: 0.05, max: 20, noNaN: true }));
const member = fc.record({ name: fc.string({ minLength: 1, maxLength: 5 }), weight });
const memberList = fc.uniqueArray(member, { minLength: 1, maxLength: 25, selector: ({ name }) => name });

/** A change of the list of shards: `pick` says which member, where one is needed. */
const change = fc.record({
  kind: fc.constantFrom('join', 'leave', 'reweigh'),
  pick: fc.nat(),
  weight,
  count: fc.integer({ min: 1, max: 3 }),
});

interface Step {
  readonly before: RoutingTable;
  readonly after: RoutingTable;
  readonly kind: string;
  readonly members: readonly RingMember[];
  /** The members of before. */
  readonly old: readonly RingMember[];
}

/** Runs a sequence of changes through the ring, one compile each. */
function* evolve(
  first: readonly RingMember[],
  changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
): Generator<Step> {
  let [members, before, serial] = [[...first], ring.compile(first), 0];
  for (const { kind, pick, weight: newWeight, count } of changes) {
    const old = members;
    const chosen = Array.from({ length: count }, (_, index) => members[(pick + index) % members.length]!.name);
    if (kind === 'join') members = [...members, ...chosen.map(() => ({ name: `joined-${serial++}`, weight: newWeight }))];
    else if (kind === 'reweigh') members = members.map((each) => (each.name === chosen[0] ? { ...each, weight: newWeight } : each));
    else members = members.filter(({ name }) => !chosen.includes(name));
    if (members.length === 0) members = old;
    const after = ring.compile(members, before);
    yield { before, after, kind: members === old ? 'none' : kind, members, old };
    before = after;
  }
}

function moves({ before, after }: Pick<Step, 'before' | 'after'>): { from: string; to: string }[] {
  const to = slotOwners(after);
  return slotOwners(before).flatMap((from, slot) => (from === to[slot] ? [] : [{ from, to: to[slot]! }]));
}

function largestError(table: RoutingTable, count: number): number {
  return Math.max(...Object.values(slotCounts(table)).map((slots) => Math.abs(slots / (4096 / count) - 1)));
}

describe('hashRing', () => {
  describe('when it is compiled without a table before', () => {
    it('keeps its frozen map', () => {
      const table = ring.compile(['a', 'b', 'c']);
      const owners = ['0', '1', '2', '3', '4', '日本', '😀', ''].map((key) => table.ownerOf(hashPosition(key)));
      expect(owners).toEqual(['a', 'b', 'c', 'a', 'c', 'a', 'a', 'c']);
      expect(table.checksum).toBe('cdabc1411abeb627c137430c7fd68467');
      expect(
        ring.compile([
          { name: 'a', weight: 1 },
          { name: 'b', weight: 2.5 },
        ]).checksum,
      ).toBe('a3e5edddb144863e5d45acd41347ffcb');
    });

    it('gives every shard its exact share, rounded down or up', () => {
      fc.assert(
        fc.property(memberList, (members) => {
          const quotas = exactQuotas(members);
          fc.pre(Object.values(quotas).every((quota) => quota >= 1));
          const counts = slotCounts(ring.compile(members));
          for (const { name } of members) expect(Math.abs(counts[name]! - quotas[name]!)).toBeLessThan(1 + 1e-6);
        }),
        { numRuns: 50 },
      );
    });

    it('does not depend on the order of members, nor on the unit of weights', () => {
      fc.assert(
        fc.property(memberList, (members) => {
          const { checksum } = ring.compile(members);
          expect(ring.compile([...members].reverse()).checksum).toBe(checksum);
          expect(ring.compile(members.map((each) => ({ ...each, weight: each.weight * 4 }))).checksum).toBe(checksum);
        }),
        { numRuns: 30 },
      );
    });

    it('gives a shard of tiny weight one slot, and takes 4096 shards of any weight', () => {
      const tiny = slotCounts(
        ring.compile([
          { name: 'tiny', weight: 1e-9 },
          { name: 'vast', weight: 1e300 },
        ]),
      );
      expect(tiny).toEqual({ tiny: 1, vast: 4095 });
      expect(new Set(Object.values(slotCounts(ring.compile(names(4096).map((name) => ({ name, weight: 0.1 }))))))).toEqual(new Set([1]));
    });

    it('leaves the table as it is for a shard of weight 0', () => {
      expect(ring.compile(['a', 'b', { name: 'idle', weight: 0 }]).checksum).toBe(ring.compile(['a', 'b']).checksum);
    });

    it('is nearly the same map with one shard more: consistent hashing even from scratch', () => {
      const moved = moves({ before: ring.compile(names(10)), after: ring.compile(names(11)) }).length;
      expect(moved).toBeLessThan(4096 * 0.25);
    });
  });

  describe('when it changes a map', () => {
    it('keeps its frozen successor', () => {
      const table = ring.compile(['a', 'b', 'c', 'd'], ring.compile(['a', 'b', 'c']));
      expect(table.checksum).toBe('4e54836337c94f68952d1aa3875d2d21');
    });

    it('lets a shard that joins only take, one that leaves only give, and keeps shares by weight, through any sequence', () => {
      fc.assert(
        fc.property(memberList, fc.array(change, { minLength: 1, maxLength: 12 }), (first, changes) => {
          for (const step of evolve(first, changes)) {
            const [oldNames, newNames] = [step.old, step.members].map((list) => new Set(list.map(({ name }) => name)));
            const moved = moves(step);
            if (step.kind === 'join') expect(moved.filter(({ to }) => oldNames!.has(to))).toEqual([]);
            if (step.kind === 'leave') expect(moved.filter(({ from }) => newNames!.has(from))).toEqual([]);
            expect(step.after.shards).toEqual([...newNames!].sort());
            expectSharesByWeight(step);
          }
        }),
        { numRuns: 40 },
      );
    });

    it('changes nothing when the members are the same', () => {
      fc.assert(
        fc.property(memberList, fc.array(change, { minLength: 1, maxLength: 6 }), (first, changes) => {
          for (const { after, members } of evolve(first, changes)) {
            expect(ring.compile([...members].reverse(), after).checksum).toBe(after.checksum);
          }
        }),
        { numRuns: 20 },
      );
    });

    it('moves only the slots that another weight asks for', () => {
      const members = names(10).map((name) => ({ name, weight: 1 }));
      const before = ring.compile(members);
      const after = ring.compile([{ name: 's0', weight: 2 }, ...members.slice(1)], before);
      const moved = moves({ before, after });
      expect(new Set(moved.map(({ to }) => to))).toEqual(new Set(['s0']));
      expect(slotCounts(after).s0).toBe(slotCounts(before).s0! + moved.length);
      expect(Math.abs(slotCounts(after).s0! - (4096 * 2) / 11)).toBeLessThan(1);
      const back = ring.compile(members, after);
      expect(moves({ before: after, after: back }).every(({ from }) => from === 's0')).toBe(true);
    });

    it('moves no slot twice: nobody both gives and takes', () => {
      fc.assert(
        fc.property(memberList, fc.array(change, { minLength: 1, maxLength: 6 }), (first, changes) => {
          for (const step of evolve(first, changes)) {
            const moved = moves(step);
            const givers = new Set(moved.map(({ from }) => from));
            expect(moved.filter(({ to }) => givers.has(to))).toEqual([]);
          }
        }),
        { numRuns: 30 },
      );
    });

    it('starts afresh after a classic ring or a placement of another kind', () => {
      const fresh = ring.compile(names(3)).checksum;
      expect(ring.compile(names(3), hashRing({ virtualNodes: 160 }).compile(names(3))).checksum).toBe(fresh);
      expect(ring.compile(names(3), modulo(names(3)).compile(names(3))).checksum).toBe(fresh);
    });
  });

  it.each([
    [10, 0.03],
    [100, 0.05],
  ])('is even at %i shards to within %d, at first and after shards joined and left', (count, tolerance) => {
    let table = ring.compile(names(count));
    expect(largestError(table, count)).toBeLessThanOrEqual(tolerance);
    table = ring.compile(names(1));
    for (let size = 2; size <= count + 5; size += 1) table = ring.compile(names(size), table);
    for (let size = count + 4; size >= count; size -= 1) table = ring.compile(names(size), table);
    expect(largestError(table, count)).toBeLessThanOrEqual(tolerance);
  });

  it.each([
    [10, 0.03],
    [100, 0.05],
  ])('spreads keys over %i shards within %d of even, beyond chance', (count, tolerance) => {
    const keys = count === 10 ? publishedKeys : publishedKeys.concat(Array.from({ length: 90_000 }, (_, index) => md5(`k${index}`)));
    const counts = Object.values(countKeys(ring.compile(names(count)), keys));
    const even = keys.length / count;
    const chance = 4 * Math.sqrt(even);
    for (const owned of counts) expect(Math.abs(owned - even)).toBeLessThan(even * tolerance + chance);
  });

  it('gives neighbouring slots to one shard only by chance', () => {
    const owners = slotOwners(ring.compile(names(4)));
    const repeats = owners.filter((owner, slot) => owner === owners[slot + 1]).length;
    expect(Math.abs(repeats / 4096 - 0.25)).toBeLessThan(0.05);
  });

  it('owns a whole slot alike, from its first position to its last', () => {
    const table = ring.compile(names(7));
    expect(slotPositions.map((position) => table.ownerOf(position + 2 ** 36 - 1))).toEqual(slotOwners(table));
  });
});

/** Rounding and one slot are allowed, as the ring promises after a sequence of changes. */
function expectSharesByWeight({ after, members }: Step): void {
  const quotas = exactQuotas(members);
  if (Object.values(quotas).some((quota) => quota < 1)) return;
  const counts = slotCounts(after);
  expect(members.filter(({ name }) => !(Math.abs(counts[name]! - quotas[name]!) < 2))).toEqual([]);
}
