import fc from 'fast-check';
import { hashPosition, hashRing, type RingMember } from '../../src/routing';
import { countKeys, md5, names, publishedKeys } from './keys';

const ring = hashRing({ virtualNodes: 160 });
const keys = publishedKeys.slice(0, 500);
const name = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', ':', '1', '0', 'é') });
const memberNames = fc.uniqueArray(name, { minLength: 1, maxLength: 8 });

/** The ring by whole digests and a linear walk, as one would write it down. */
function naiveOwner(members: readonly RingMember[], virtualNodes: number, key: string): string {
  const nodes = members.flatMap(({ name: owner, weight }) =>
    Array.from({ length: Math.max(1, Math.round(virtualNodes * weight)) }, (_, node) => ({ owner, digest: md5(`${owner}:${node}`) })),
  );
  nodes.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const digest = md5(key);
  return (nodes.find((node) => node.digest > digest) ?? nodes[0]!).owner;
}

describe('hashRing with virtual nodes', () => {
  // Counts published by MysqlConsistenceHashRing for the keys md5("0") … md5("9999").
  it.each([
    [{ 'localhost:3306': 5283, '10.10.140.27:3306': 4717 }],
    [{ 'localhost:3306:1': 2492, 'localhost:3306:2': 2610, '10.10.140.27:3306:1': 2362, '10.10.140.27:3306:2': 2536 }],
    [{ 'localhost:3306': 3322, '10.10.140.27:3306': 3199, '10.10.116.88:3306': 3479 }],
  ])('gives the published counts %j', (counts) => {
    expect(countKeys(ring.compile(Object.keys(counts)), publishedKeys)).toEqual(counts);
  });

  it('keeps its frozen table', () => {
    const table = ring.compile(['localhost:3306', '10.10.140.27:3306', '10.10.116.88:3306']);
    const owners = ['0', '1', '2', '3', '', 'user-1', '日本', '😀'].map((key) => table.ownerOf(hashPosition(key)));
    expect(table.checksum).toBe('db2f6d3961c5509fd7f7d89d292399bd');
    const [l, a, b] = ['localhost:3306', '10.10.140.27:3306', '10.10.116.88:3306'];
    expect(owners).toEqual([b, b, a, l, a, a, l, a]);
  });

  it('agrees with a naive ring over whole digests', () => {
    const member = fc.record({ name, weight: fc.constantFrom(0.01, 0.5, 1, 2.3) });
    const members = fc.uniqueArray(member, { minLength: 1, maxLength: 6, selector: (each) => each.name });
    fc.assert(
      fc.property(
        members,
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.string(), { minLength: 10, maxLength: 30 }),
        (given, virtualNodes, texts) => {
          const table = hashRing({ virtualNodes }).compile(given);
          for (const text of texts) expect(table.ownerOf(hashPosition(text))).toBe(naiveOwner(given, virtualNodes, text));
        },
      ),
    );
  });

  it('gives a position on a virtual node to the next node, and the last stretch to the first node', () => {
    const position = hashPosition('a:0');
    const table = hashRing({ virtualNodes: 1 }).compile(['a', 'b']);
    expect(hashPosition('b:0')).toBeGreaterThan(position);
    expect(
      [0, position - 1, position, hashPosition('b:0') - 1, hashPosition('b:0'), 2 ** 48 - 1].map((each) => table.ownerOf(each)),
    ).toEqual(['a', 'a', 'b', 'b', 'a', 'a']);
  });

  // Found by search: the MD5s of these two texts share their first 48 bits, and no more.
  it('orders two virtual nodes on one position by their whole digests', () => {
    const [first, second] = ['s277:4818', 's1314:4318'];
    const position = hashPosition(first);
    expect(hashPosition(second)).toBe(position);
    expect(md5(first) < md5(second)).toBe(true);
    const table = hashRing({ virtualNodes: 4819 }).compile(['s1314', 's277']);
    expect(table.ownerOf(position - 1)).toBe('s277');
  });

  it('hashes a key as its text even when the text is an MD5', () => {
    const table = ring.compile(['a', 'b', 'c']);
    const key = publishedKeys.find((each) => table.ownerOf(hashPosition(each)) !== table.ownerOf(Number.parseInt(each.slice(0, 12), 16)));
    expect(key).toBeDefined();
  });

  it('does not depend on the order of members, nor on a table before', () => {
    fc.assert(
      fc.property(memberNames, memberNames, (members, others) => {
        const table = ring.compile(members);
        expect(ring.compile([...members].reverse(), ring.compile(others)).checksum).toBe(table.checksum);
      }),
      { numRuns: 30 },
    );
  });

  describe('when a shard joins', () => {
    it('moves keys only to it, and when it leaves again, only from it', () => {
      fc.assert(
        fc.property(memberNames, name, (members, joiner) => {
          fc.pre(!members.includes(joiner));
          const [without, within] = [ring.compile(members), ring.compile([...members, joiner])];
          for (const position of keys.map(hashPosition)) {
            expect([without.ownerOf(position), joiner]).toContain(within.ownerOf(position));
          }
        }),
        { numRuns: 20 },
      );
    });
  });

  describe('when a weight grows', () => {
    it('moves keys only to that shard', () => {
      fc.assert(
        fc.property(memberNames, fc.double({ min: 1, max: 4, noNaN: true }), (members, weight) => {
          const grown = members[0]!;
          const [before, after] = [ring.compile(members), ring.compile([{ name: grown, weight }, ...members.slice(1)])];
          for (const position of keys.map(hashPosition)) expect([before.ownerOf(position), grown]).toContain(after.ownerOf(position));
        }),
        { numRuns: 20 },
      );
    });
  });

  it('gives shares by weight, within what 160 virtual nodes can do', () => {
    const table = hashRing({ virtualNodes: 2000 }).compile([
      { name: 'a', weight: 1 },
      { name: 'b', weight: 3 },
    ]);
    expect(table.share('b')).toBeGreaterThan(0.72);
    expect(table.share('b')).toBeLessThan(0.78);
    expect(table.share('a') + table.share('b')).toBeCloseTo(1, 12);
  });

  it('leaves the table as it is for a shard of weight 0', () => {
    const table = ring.compile([...names(3), { name: 'idle', weight: 0 }]);
    expect(table.checksum).toBe(ring.compile(names(3)).checksum);
    expect(table.shards).toEqual(names(3));
    expect(table.share('idle')).toBe(0);
  });

  it('is one segment for one shard', () => {
    expect(ring.compile(['only']).segments).toEqual([{ since: 0, upto: 2 ** 48, rule: { shards: ['only'] } }]);
  });
});
