import fc from 'fast-check';
import { hashRing, modulo, ranges } from '../../../src';
import { ReshardRefusedError } from '../../../src/errors';
import { planMoves, planTo } from '../../../src/reshard/plan/plan-moves';
import { comparePositions, HASH_LINE_LENGTH, type Position, type RoutingTable } from '../../../src/routing';
import { type GroupMove, sqlTopology, type TopologyPlan } from '../../../src/topology';
import { clusterOf, Event, Ordered, Person, Session, Setting, topologyFor, twoByModulo } from './fixtures';

const plan: TopologyPlan = {
  id: 'p1',
  phase: 'moving',
  order: 'go',
  guard: 'while-resharding',
  title: 'add s3',
  announcedVersion: 2,
  finalVersion: 0,
  weights: {},
  moves: new Map(),
  movers: [],
};

async function movesOf(more: object, change: Parameters<typeof planMoves>[2], weights?: Readonly<Record<string, number>>) {
  const cluster = await clusterOf(more, weights);
  return planMoves(cluster.core, topologyFor(cluster), change);
}

async function reasonsOf(work: Promise<unknown> | (() => unknown)): Promise<readonly string[]> {
  const error = await Promise.resolve(typeof work === 'function' ? Promise.resolve().then(work) : work).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ReshardRefusedError);
  return (error as ReshardRefusedError).reasons;
}

/** Everything that a plan promises of one group, said position by position. */
function expectRowsToCover({ from, to, rows }: GroupMove, positions: readonly Position[]): void {
  const rowsAt = (position: Position) => rows.filter(({ since, upto }) => since <= position && position < upto);
  for (const position of positions) {
    const count = rowsAt(position).length;
    expect(count).toBeLessThanOrEqual(1);
    if (from.ownerOf(position) !== to.ownerOf(position)) expect(count).toBe(1);
    else if (ruleAt(from, position) === ruleAt(to, position)) expect(count).toBe(0);
  }
  const sorted = [...rows].sort((a, b) => comparePositions(a.since, b.since));
  expect(rows).toEqual(sorted);
  expect(rows.every(({ since, upto, watermark, token }) => since < upto && watermark === upto && token === 0)).toBe(true);
  expect(rows.some(({ since, upto }) => since < 0 && upto > 0)).toBe(false);
}

function ruleAt({ segments }: RoutingTable, position: Position): string {
  return JSON.stringify(segments.find(({ since, upto }) => (since ?? -Infinity) <= position && position < (upto ?? Infinity))?.rule.shards);
}

/** Borders of both tables, their neighbours, and what lies between. */
function tellingPositions({ from, to }: GroupMove, more: readonly Position[]): readonly Position[] {
  const borders = [from, to].flatMap(({ segments }) => segments.flatMap(({ since, upto }) => [since, upto]));
  const near = borders.flatMap((border) => (border === null ? [] : [Number(border) - 1, Number(border)]));
  const isOwned = (position: Position) => from.segments[0]!.since === null || position >= from.segments[0]!.since;
  const end = from.placement === 'hashRing' ? HASH_LINE_LENGTH : Infinity;
  const some = near.filter((_, index) => index % Math.ceil(near.length / 400) < 2);
  return [...some, ...more].filter((position) => isOwned(position) && position < end);
}

const ringPositions = Array.from({ length: 500 }, (_, index) => Math.floor((index * HASH_LINE_LENGTH) / 500));
const weight = fc.integer({ min: 1, max: 5 });

describe('planMoves', () => {
  it.each([
    ['slots', [Person]],
    ['virtual nodes', [Session]],
  ])('puts every position of a ring of %s whose owner changes into exactly one row and no other position into any', async (_, entities) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(weight, { minLength: 4, maxLength: 4 }),
        fc.constantFrom('add', 'remove', 'reweigh'),
        async (weights, what) => {
          const [a, b, c, d] = weights as [number, number, number, number];
          const change = { add: { add: ['s4'] }, remove: { remove: ['s2'] }, reweigh: { reweigh: { s1: a + d + 1 } } }[what];
          const { moves } = await movesOf({ entities }, change, { s1: a, s2: b, s3: c, s4: 0 });
          for (const move of moves.values()) expectRowsToCover(move, tellingPositions(move, ringPositions));
          expect(moves.size).toBe(1);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('does so for ranges and for epochs of modulo, with negative keys too', async () => {
    const names = fc.constantFrom('s1', 's2', 's3');
    const entry = fc.record({ from: fc.integer({ min: -30, max: 60 }), shards: fc.uniqueArray(names, { minLength: 1, maxLength: 3 }) });
    const entries = fc.uniqueArray(entry, { minLength: 1, maxLength: 5, selector: ({ from }) => from });
    const line = Array.from({ length: 140 }, (_, index) => index - 40);
    await fc.assert(
      fc.asyncProperty(entries, entries, fc.boolean(), async (before, after, asRanges) => {
        const placed = (list: typeof before) => {
          const first = { ...list[0]!, from: -40 };
          return asRanges ? ranges([first, ...list].map(({ from, shards }) => ({ from, shard: shards[0]! }))) : modulo([first, ...list]);
        };
        const cluster = await clusterOf({ entities: [Ordered], placement: placed(before) });
        const to = placed(after).compile(['s1', 's2', 's3']);
        const from = cluster.core.tables.get('Ordered')!;
        if (from.checksum === to.checksum) return;
        const { moves } = planMoves(cluster.core, topologyFor(cluster), { placement: placed(after) });
        const move = moves.get('Ordered')!;
        expect(move.to.checksum).toBe(to.checksum);
        expectRowsToCover(move, tellingPositions(move, line));
      }),
      { numRuns: 100 },
    );
  });

  it('gives a shard that joins the weight of the configuration, or 1 where that keeps it out', async () => {
    expect((await movesOf({}, { add: ['s3'] })).weights).toEqual({ s1: 1, s2: 1, s3: 1 });
    const cluster = await clusterOf({}, { s1: 1, s2: 1, s3: 2 });
    const alone = await clusterOf({}, { s1: 1, s2: 1 });
    const { weights, moves } = planMoves(cluster.core, topologyFor(alone), { add: ['s3'], reweigh: { s1: 3 } });
    expect(weights).toEqual({ s1: 3, s2: 1, s3: 2 });
    expect(moves.get('Person')!.to.share('s3')).toBeCloseTo(2 / 6, 2);
  });

  it('moves only to a shard that joins, and all away from one that leaves', async () => {
    const joined = (await movesOf({}, { add: ['s3'] })).moves.get('Person')!;
    expect(new Set(joined.rows.map(({ since }) => joined.to.ownerOf(since)))).toEqual(new Set(['s3']));
    const left = (await movesOf({}, { remove: ['s2'] })).moves.get('Person')!;
    expect(new Set(left.rows.map(({ since }) => left.from.ownerOf(since)))).toEqual(new Set(['s2']));
    expect(left.to.shards).toEqual(['s1']);
  });

  it('moves the group that is named and keeps the others, and their shards their weights', async () => {
    const cluster = await clusterOf({ entities: [Person, Event] });
    const { moves, weights } = planMoves(cluster.core, topologyFor(cluster), { remove: ['s2'], group: 'Person' });
    expect([...moves.keys()]).toEqual(['Person']);
    expect(weights).toEqual({ s1: 1, s2: 1 });
  });

  it('names nobody by weight where a placement names its owners, and says what to give', async () => {
    const cluster = await clusterOf({ entities: [Ordered], placement: twoByModulo });
    expect(await reasonsOf(() => planMoves(cluster.core, topologyFor(cluster), { add: ['s3'] }))).toEqual([
      expect.stringContaining('there is nothing to do. The placements ranges() and modulo() name the owners'),
    ]);
  });

  describe('refuses, with every reason at once,', () => {
    it.each([
      [{ add: ['s9'], remove: ['s8'] }, ['There is no shard "s9"', 'There is no shard "s8"']],
      [{ add: ['s1'] }, ['"s1" owns rows already']],
      [{ remove: ['s3'] }, ['"s3" owns no rows']],
      [{ remove: ['s1', 's2'] }, ['No shard would be left']],
      [{ reweigh: { s1: 0, s2: -1, s3: 2 } }, ['"s1" must be a finite number above 0', '"s2" must be', '"s3" owns no rows. Let it join']],
      [{ add: ['s3'], remove: ['s3'] }, ['"s3" is named several times', '"s3" owns no rows']],
      [{ reweigh: { s1: 2, s2: 2 } }, ['nothing to do']],
      [{}, ['nothing to do']],
      [{ group: 'Nobody', add: ['s3'] }, ['There is no group "Nobody"']],
      [{ placement: twoByModulo }, ['modulo (2 shards) places rows by the key itself']],
    ])('%j', async (change, reasons) => {
      expect(await reasonsOf(movesOf({}, change))).toEqual(reasons.map((reason) => expect.stringContaining(reason)));
    });

    it('what comes while a plan runs, and says in which phase it is and how to go on', async () => {
      const cluster = await clusterOf({});
      const refused = (more: Partial<TopologyPlan>) =>
        reasonsOf(() => planMoves(cluster.core, topologyFor(cluster, { plan: { ...plan, ...more } }), { add: ['s3'] }));
      expect(await refused({})).toEqual([
        expect.stringMatching(/^A plan is running already: add s3 \(p1\), which is moving\. .*resume\(\).*cancel\(\)/),
      ]);
      expect(await refused({ order: 'pause' })).toEqual([expect.stringContaining('It is paused. Let it go on with')]);
      expect(await refused({ phase: 'cleaning' })).toEqual([expect.stringContaining('All of its rows have moved')]);
      expect(await reasonsOf(() => planTo(cluster.core, topologyFor(cluster, { plan }), { tables: new Map(), weights: {} }))).toHaveLength(
        1,
      );
    });

    it('to remove a shard on which an entity lives whole', async () => {
      expect(await reasonsOf(movesOf({ entities: [Person, Setting] }, { remove: ['s1'] }))).toEqual([
        expect.stringContaining('Setting lives whole on shard "s1"'),
      ]);
    });

    it('to remove a shard that a placement names', async () => {
      expect(await reasonsOf(movesOf({ entities: [Person, Event] }, { remove: ['s2'] }))).toEqual([
        'Group Event: ranges: there is no shard "s2".',
      ]);
    });

    it('other weights for one group alone while another is on virtual nodes', async () => {
      expect(await reasonsOf(movesOf({ entities: [Person, Session] }, { add: ['s3'], group: 'Person' }))).toEqual([
        expect.stringContaining('Group Session is on a ring of virtual nodes'),
      ]);
    });

    it('slots in the place of virtual nodes', async () => {
      expect(await reasonsOf(movesOf({ entities: [Session] }, { placement: hashRing() }))).toEqual([
        expect.stringContaining('a ring of virtual nodes cannot become one of slots'),
      ]);
    });

    it('placements that begin elsewhere', async () => {
      const placed = (from: number) => ({ placement: ranges([{ from, shard: 's2' }]), group: 'Event' });
      expect(await reasonsOf(movesOf({ entities: [Event] }, placed(-5)))).toEqual([expect.stringContaining('begins at -5')]);
      expect(await reasonsOf(movesOf({ entities: [Event] }, placed(5)))).toEqual([expect.stringContaining('but none below 5')]);
    });

    it('rules that cannot be said to a database', async () => {
      expect(await reasonsOf(movesOf({ entities: [Ordered], placement: twoByModulo }, { placement: modulo(['s1', 's1', 's2']) }))).toEqual([
        expect.stringContaining('shard "s1" stands several times in a rule of 3, unevenly'),
      ]);
    });

    it('a new placement when each group has one of its own and none is named', async () => {
      expect(await reasonsOf(movesOf({ entities: [Session, Event] }, { placement: hashRing() }))).toEqual([
        expect.stringContaining('Say which group gets the new one, with { group }: Session, Event.'),
      ]);
    });

    it('to plan by a configuration that says another placement than the topology', async () => {
      const old = await clusterOf({ entities: [Ordered], placement: twoByModulo });
      const grown = await clusterOf({ entities: [Ordered], placement: modulo(['s1', 's2', 's3']) });
      expect(await reasonsOf(() => planMoves(old.core, topologyFor(grown), { placement: modulo(['s2', 's1']) }))).toEqual([
        expect.stringContaining('A placement is changed by cluster.reshard.plan'),
      ]);
    });
  });

  describe('with a topology that ends with the process', () => {
    const onDisk = {
      type: 'better-sqlite3',
      database: '/nowhere/file.db',
      shards: [1, 2, 3].map((n) => ({ name: `s${n}`, database: `/nowhere/${n}.db`, weight: n === 3 ? 0 : 1 })),
    };

    it('refuses to change a map of slots whose databases stay', async () => {
      expect(await reasonsOf(movesOf(onDisk, { add: ['s3'] }))).toEqual([expect.stringContaining('topology: sqlTopology({ … })')]);
    });

    it('lets virtual nodes and modulo be changed, which are functions of the configuration', async () => {
      expect((await movesOf({ ...onDisk, entities: [Session] }, { add: ['s3'] })).moves.size).toBe(1);
      const grown = { placement: modulo(['s1', 's2', 's3']) };
      expect((await movesOf({ ...onDisk, entities: [Ordered], placement: twoByModulo }, grown)).moves.size).toBe(1);
    });

    it('lets slots be changed in a store', async () => {
      expect((await movesOf({ ...onDisk, topology: sqlTopology({ type: 'sqljs' }) }, { add: ['s3'] })).moves.size).toBe(1);
    });
  });
});

describe('planTo', () => {
  it('plans the way back from what planMoves came to', async () => {
    const cluster = await clusterOf({});
    const before = topologyFor(cluster);
    const forth = planMoves(cluster.core, before, { add: ['s3'] });
    const after = topologyFor(cluster, { weights: forth.weights, tables: new Map([['Person', forth.moves.get('Person')!.to]]) });
    const back = planTo(cluster.core, after, { tables: before.tables, weights: before.weights });
    expect(back.weights).toEqual(before.weights);
    expect(back.moves.get('Person')!.rows.map(({ since }) => since)).toEqual(forth.moves.get('Person')!.rows.map(({ since }) => since));
    expect(back.moves.get('Person')!.to.checksum).toBe(before.tables.get('Person')!.checksum);
  });
});
