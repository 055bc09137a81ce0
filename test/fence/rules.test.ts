import fc from 'fast-check';
import type { QueryRunner } from 'typeorm';
import { fenceRefusalOf, NONE, type OwnershipRow, type ShardRule, SLOT_LENGTH } from '../../src/fence';
import { setMover as mysqlMover } from '../../src/fence/guard-mysql';
import type { Position } from '../../src/routing';
import { sampledKinds } from '../database';
import { casesOf } from '../long-run';
import { FencedMember, lookUps, SLOT_SINCE } from './fixtures/fenced-member';
import { expectedOf, type Session, type Write } from './fixtures/oracle';

const TOKEN = 7;
const RUNS = casesOf({ short: 250, long: 500 });
const writes: readonly Write[] = [
  'insert',
  'insert',
  'update',
  'update',
  'delete',
  'delete',
  'changePosition',
  'changePrimaryKey',
  'changeShardKey',
];
/** The largest signed and the smallest key that every database has. */
const [HIGHEST, LOWEST] = [2n ** 63n - 1n, -(2n ** 63n)];
const FAR = 2n ** 60n;

/** Stretches, and the places in them where something may change. */
const stretches = {
  slot: [
    { since: SLOT_SINCE, upto: SLOT_SINCE + SLOT_LENGTH, places: ends(SLOT_SINCE, SLOT_SINCE + SLOT_LENGTH) },
    { since: SLOT_SINCE, upto: SLOT_SINCE + 5, places: ends(SLOT_SINCE, SLOT_SINCE + 5) },
  ],
  range: [
    { since: -20, upto: -7, places: ends(-20, -7) },
    { since: -7, upto: 9, places: ends(-7, 9) },
    { since: 9, upto: FAR, places: [9, 10, 11, 12, 2 ** 53 - 1, 2n ** 53n + 1n, FAR - 3n, FAR - 2n, FAR - 1n] },
    { since: Number.NEGATIVE_INFINITY, upto: -20, places: [LOWEST, LOWEST + 1n, -1_000_003, -22, -21] },
    { since: FAR, upto: Number.POSITIVE_INFINITY, places: [FAR, FAR + 1n, HIGHEST - 1n, HIGHEST] },
  ],
} as const;

function ends(since: number, upto: number): readonly Position[] {
  return [0, 1, 2, 3].flatMap((step) => [since + step, upto - 1 - step]);
}

/** The positions next to a stretch, which its row does not cover. */
function beside(since: Position, upto: Position): readonly Position[] {
  const next = [since === Number.NEGATIVE_INFINITY ? [] : [BigInt(since) - 1n], upto === Number.POSITIVE_INFINITY ? [] : [BigInt(upto)]];
  return next.flat();
}

/** The stretch whose row must own a position for the row to be written at all. */
function stretchAround(lookUp: 'slot' | 'range', position: Position) {
  if (lookUp === 'range') return { since: Number.NEGATIVE_INFINITY, upto: Number.POSITIVE_INFINITY };
  const slot = Math.floor(Number(position) / SLOT_LENGTH);
  return { since: slot * SLOT_LENGTH, upto: (slot + 1) * SLOT_LENGTH };
}

const ruleArbitrary: fc.Arbitrary<ShardRule> = fc
  .constantFrom(0, 1, 1, 2, 3)
  .chain((modulus) => fc.nat({ max: Math.max(0, modulus - 1) }).map((residue) => ({ modulus, residue })));

const sessionArbitrary: fc.Arbitrary<Session> = fc.constantFrom<Session>(
  { kind: 'ordinary' },
  { kind: 'ordinary' },
  { kind: 'ordinary' },
  { kind: 'mover', token: TOKEN },
  { kind: 'mover', token: TOKEN },
  { kind: 'mover', token: TOKEN - 1 },
  { kind: 'mover', token: TOKEN + 1 },
);

/** Two rows beside each other, and writes of a mover that come to one or the other. */
function sequenceArbitrary(lookUp: 'slot' | 'range') {
  const [since, border, upto] = lookUp === 'slot' ? [SLOT_SINCE, SLOT_SINCE + SLOT_LENGTH, SLOT_SINCE + 2 * SLOT_LENGTH] : [-20, -7, 9];
  const first: Ends = { since: since!, upto: border! };
  const second: Ends = { since: border!, upto: upto! };
  const rowIn = ({ since, upto }: Ends) => {
    const mark = fc.constantFrom(since, since, since, upto, upto, upto, ...ends(since, upto).map(Number));
    return fc.record({
      since: fc.constant(since),
      upto: fc.constant(upto),
      marks: fc.tuple(mark, mark).map(([a, b]) => (a < b ? ([a, b] as const) : ([b, a] as const))),
      rules: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...moves) },
        { weight: 1, arbitrary: fc.tuple(ruleArbitrary, ruleArbitrary) },
      ),
      token: fc.constantFrom(TOKEN, TOKEN, TOKEN, TOKEN + 1),
    });
  };
  const step = fc.record({
    position: fc.constantFrom(...[first, second].flatMap(({ since, upto }) => ends(since, upto).map(Number))),
    write: fc.constantFrom<'insert' | 'update' | 'delete'>('insert', 'insert', 'update', 'delete', 'delete'),
  });
  return fc.record({
    rows: fc.tuple(rowIn(first), rowIn(second)),
    steps: fc.uniqueArray(step, { selector: ({ position }) => position, minLength: 2, maxLength: 8 }),
  });
}

interface Ends {
  readonly since: number;
  readonly upto: number;
}

/** Rows that arrive whole, and rows that depart whole. */
const moves: readonly (readonly [ShardRule, ShardRule])[] = [
  [NONE, { modulus: 1, residue: 0 }],
  [{ modulus: 1, residue: 0 }, NONE],
];

/** A row with marks in any order that is allowed, a position in it, and a write. */
function caseArbitrary(lookUp: 'slot' | 'range') {
  return fc.constantFrom(...stretches[lookUp]).chain(({ since, upto, places }) => {
    const marks = fc.constantFrom<Position>(since, ...places, upto);
    return fc.record({
      since: fc.constant<Position>(since),
      upto: fc.constant<Position>(upto),
      marks: fc.tuple(marks, fc.oneof(marks, fc.constant<Position>(upto))).map(([a, b]) => (a < b ? ([a, b] as const) : ([b, a] as const))),
      capture: fc.oneof(marks, fc.constant<Position>(since)),
      rules: fc.tuple(ruleArbitrary, ruleArbitrary),
      position: fc.oneof({ weight: 9, arbitrary: fc.constantFrom<Position>(...places) }, fc.constantFrom<Position>(...beside(since, upto))),
      isThere: fc.integer({ min: 0, max: 9 }).map((chance) => chance > 0),
      session: sessionArbitrary,
      write: fc.constantFrom(...writes),
    });
  });
}

const SETS_MOVER = {
  mysql: (token: string) => (token === 'NULL' ? mysqlMover(undefined) : mysqlMover(Number(token))),
  postgres: (token: string) => `SELECT set_config('typeorm_sharding.mover', '${token === 'NULL' ? '' : token}', false)`,
  sqlite: (token: string) => `UPDATE _shard_control SET mover = ${token}`,
};

describe.each(sampledKinds)('The guard (%s)', (kind) => {
  let member: FencedMember;
  let runner: QueryRunner;

  beforeAll(async () => {
    member = await FencedMember.start(kind);
    runner = member.runner();
    await member.replaceRows(runner, 'Item', []);
  }, 120_000);

  afterAll(() => member?.stop());

  const setMover = (token: string) =>
    runner.query(SETS_MOVER[kind === 'mariadb' ? 'mysql' : kind === 'postgres' ? 'postgres' : 'sqlite'](token));

  const writeSql = (group: string, write: Write, position: Position): string => {
    const [table, where] = group === 'Item' ? ['item', "id = 'x'"] : ['topic', `id = ${position}`];
    const set = (assignment: string) => `UPDATE ${table} SET ${assignment} WHERE ${where}`;
    switch (write) {
      case 'insert':
        return member.insertSql(group, 'x', position);
      case 'delete':
        return `DELETE FROM ${table} WHERE ${where}`;
      case 'update':
        return set('value = 2');
      case 'changePosition':
        return group === 'Item' ? set(`${member.quote('_shard_position')} = ${SLOT_SINCE - 5}`) : set('id = 77');
      case 'changePrimaryKey':
        return group === 'Item' ? set("id = 'y'") : set('id = 77');
      case 'changeShardKey':
        return group === 'Item' ? set("owner = 'bob'") : set('id = 77');
    }
  };

  const logged = async () => {
    const text = `CAST(position AS ${kind === 'mariadb' ? 'CHAR' : 'TEXT'})`;
    const rows = await runner.query(`SELECT ${member.quote('group')}, table_name, ${text} AS position, row_key FROM _shard_log`);
    return rows.map((row: Record<string, unknown>) => ({
      group: row.group,
      table: row.table_name,
      position: BigInt(String(row.position)),
      key: JSON.parse(String(row.row_key)),
    })) as readonly { readonly group: string }[];
  };

  it.each(lookUps)(
    'decides as the protocol says for every row, position, session and write (rows found by %s)',
    async (lookUp) => {
      const group = lookUp === 'slot' ? 'Item' : 'Topic';
      const outcomes = new Map<string, number>();
      const check = async (given: typeof caseArbitrary extends (l: never) => fc.Arbitrary<infer C> ? C : never) => {
        const { since, upto, marks, capture, rules, position, isThere, session, write } = given;
        const base = { shard: member.shard, group, since, upto, token: TOKEN, version: 1 };
        const all = { modulus: 1, residue: 0 };
        const around = stretchAround(lookUp, position);
        const restMarks = { watermark: around.since, frontier: around.since, capture: around.since };
        const atRest: OwnershipRow = { ...base, ...around, oldRule: all, newRule: all, ...restMarks };
        const covers = isThere && since <= position && position < upto;
        const row: OwnershipRow = { ...base, oldRule: rules[0], newRule: rules[1], frontier: marks[0], watermark: marks[1], capture };
        await runner.startTransaction();
        try {
          await member.replaceRows(runner, group, [atRest]);
          if (write !== 'insert') await runner.query(member.insertSql(group, 'x', position));
          await member.replaceRows(runner, group, isThere ? [row] : []);
          if (session.kind === 'mover') await setMover(String(session.token));
          const error = await runner.query(writeSql(group, write, position)).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          const expected = expectedOf(covers ? row : undefined, BigInt(position), session, write);
          const refusal = fenceRefusalOf(error);
          if (error !== undefined && refusal === undefined) throw error;
          expect(refusal).toBe(expected.refusal);
          if (expected.refusal === undefined) {
            const key = [group === 'Item' ? 'x' : String(position)];
            const entry = { group, table: group.toLowerCase(), position: BigInt(position), key };
            expect(await logged()).toEqual(expected.isLogged ? [entry] : []);
          }
          const outcome = `${session.kind} ${expected.refusal ?? (expected.isLogged ? 'logged' : 'written')}`;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        } finally {
          await runner.rollbackTransaction();
          if (session.kind === 'mover') await setMover('NULL');
        }
      };
      await fc.assert(fc.asyncProperty(caseArbitrary(lookUp), check), { numRuns: RUNS });
      const all = ['ordinary written', 'ordinary logged', 'ordinary frozen', 'ordinary elsewhere', 'mover written', 'mover notForMover'];
      expect([...outcomes.keys()]).toEqual(expect.arrayContaining(all));
    },
    120_000,
  );

  it.each(lookUps)(
    'decides about each write of a mover by itself, whatever it let pass before (rows found by %s)',
    async (lookUp) => {
      const group = lookUp === 'slot' ? 'Item' : 'Topic';
      const all = { modulus: 1, residue: 0 };
      const base = { shard: member.shard, group, version: 1, token: TOKEN };
      const sql = (write: 'insert' | 'update' | 'delete', position: number) => {
        const where = group === 'Item' ? `id = 'k${position}'` : `id = ${position}`;
        if (write === 'insert') return member.insertSql(group, `k${position}`, position);
        return write === 'delete'
          ? `DELETE FROM ${group.toLowerCase()} WHERE ${where}`
          : `UPDATE ${group.toLowerCase()} SET value = 2 WHERE ${where}`;
      };
      let again = 0;
      const check = async ({ rows, steps }: typeof sequenceArbitrary extends (l: never) => fc.Arbitrary<infer C> ? C : never) => {
        const owned = rows.map(({ since, upto, marks: [frontier, watermark], rules: [oldRule, newRule], token }): OwnershipRow => {
          return { ...base, since, upto, oldRule, newRule, frontier, watermark, capture: upto, token };
        });
        const atRest = owned.map((row): OwnershipRow => {
          return { ...row, oldRule: all, newRule: all, watermark: row.since, frontier: row.since, capture: row.since };
        });
        await runner.startTransaction();
        try {
          await member.replaceRows(runner, group, atRest);
          for (const { write, position } of steps) if (write !== 'insert') await runner.query(sql('insert', position));
          await member.replaceRows(runner, group, owned);
          await setMover(String(TOKEN));
          const passed: number[] = [];
          for (const { write, position } of steps) {
            const row = owned.find(({ since, upto }) => since <= position && position < upto);
            const expected = expectedOf(row, BigInt(position), { kind: 'mover', token: TOKEN }, write).refusal;
            const refusal = await runner.query(sql(write, position)).then(() => undefined, fenceRefusalOf);
            expect(refusal).toBe(expected);
            if (refusal === undefined) passed.push(position);
            // By this the transaction has failed there.
            if (refusal !== undefined && kind === 'postgres') break;
          }
          again += Math.max(0, passed.length - 1);
        } finally {
          await runner.rollbackTransaction();
          await setMover('NULL');
        }
      };
      await fc.assert(fc.asyncProperty(sequenceArbitrary(lookUp), check), { numRuns: RUNS });
      expect(again).toBeGreaterThan(10);
    },
    120_000,
  );
});
