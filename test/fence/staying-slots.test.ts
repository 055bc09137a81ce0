import fc from 'fast-check';
import { hashRing } from '../../src';
import { arm, brokenGuards, disarm, type FencedGroup, fenceRefusalOf, guardState, provision, SLOT_LENGTH } from '../../src/fence';
import { boundedTransaction } from '../../src/fence/bounded-transaction';
import { setMover } from '../../src/fence/guard-mysql';
import { MOVER_SETTING } from '../../src/fence/guard-postgres';
import { guardsOf } from '../../src/fence/guards-of';
import { isAsStrict, splitStaying, stayingSlots } from '../../src/fence/staying-slots';
import { HASH_LINE_LENGTH, type RoutingTable, SLOT_COUNT } from '../../src/routing';
import { describeOn } from '../cluster/fixtures/describe-on';
import { serverKinds } from '../database';
import { FencedMember, GROUPS } from './fixtures/fenced-member';

/** A slot's place among the bits, by arithmetic on numbers. */
function isSet(bits: Buffer, slot: number): boolean {
  return Math.floor(bits[Math.floor(slot / 8)]! / 2 ** (slot % 8)) % 2 === 1;
}

describe('The slots that stay with a shard', () => {
  const rings = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 });

  it('are those that it has before and after, one bit each', () => {
    fc.assert(
      fc.property(rings, rings, fc.constantFrom('a', 'b', 'f'), (before, after, shard) => {
        const from = hashRing().compile(before);
        const to = hashRing().compile(after, from);
        const bits = stayingSlots({ from, to }, shard);
        const isStaying = (slot: number) =>
          [from, to].every((table) => table.ownerOf(slot * SLOT_LENGTH + (slot % 2) * (SLOT_LENGTH - 1)) === shard);
        const slots = Array.from({ length: SLOT_COUNT }, (_, slot) => slot);
        expect(slots.filter((slot) => isSet(bits, slot) !== isStaying(slot))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('are told from the rest of a text, and a guard that lets more of them pass is not as strict', () => {
    const half = fc.uint8Array({ minLength: SLOT_COUNT / 8, maxLength: SLOT_COUNT / 8 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(half, half, (some, others) => {
        const text = (bits: Buffer) => `IF 0x${bits.toString('hex')} THEN`;
        expect(splitStaying(text(some))).toEqual({ text: 'IF 0xstaying THEN', staying: some });
        const both = Buffer.from(some.map((byte, index) => byte & others[index]!));
        expect(isAsStrict(`BEGIN ${text(both)}`, text(some))).toBe(true);
        expect(isAsStrict(text(some), text(some))).toBe(true);
        expect(isAsStrict(text(some), text(both))).toBe(some.equals(both));
        expect(isAsStrict(text(some), `${text(some)} x`)).toBe(false);
      }),
    );
    expect(splitStaying('no bits')).toEqual({ text: 'no bits', staying: Buffer.alloc(0) });
  });
});

describeOn(serverKinds, 'Guards that know which slots stay', (kind) => {
  let member: FencedMember;
  let tables: { readonly from: RoutingTable; readonly to: RoutingTable };
  let bits: Buffer;

  const groupsOf = (between: FencedGroup['between']): readonly FencedGroup[] => [{ ...GROUPS.slot, between }, GROUPS.range];
  const quoted = () => member.quote('group');
  const insert = (id: string, position: number) => member.source.query(member.insertSql('Item', id, position));
  const outcome = (work: Promise<unknown>) =>
    work.then(
      () => 'written',
      (error: unknown) => fenceRefusalOf(error) ?? String(error),
    );

  const slotThat = (stays: boolean) => Array.from({ length: SLOT_COUNT }, (_, slot) => slot).find((slot) => isSet(bits, slot) === stays)!;

  /** Every slot of the items is the shard's, at rest. */
  async function ownAll(): Promise<void> {
    await member.source.query(`DELETE FROM _shard_ownership WHERE ${quoted()} = 'Item'`);
    await provision(member.source, [{ name: 'Item', table: tables.from, version: 1 }]);
  }

  beforeAll(async () => {
    member = await FencedMember.start(kind, { isArmed: false });
    const from = hashRing().compile([member.shard]);
    tables = { from, to: hashRing().compile([member.shard, 'joining'], from) };
    bits = stayingSlots(tables, member.shard);
  }, 120_000);

  beforeEach(() => arm(member.source, groupsOf(tables)));
  afterEach(() => member.releaseAll());
  afterAll(() => member?.stop());

  it('let their writes pass without a look-up, and look up all others', async () => {
    await member.source.query(`DELETE FROM _shard_ownership WHERE ${quoted()} = 'Item'`);
    const slots = [0, 1, 7, 8, 9, SLOT_COUNT - 1, ...Array.from({ length: 120 }, (_, index) => (index * 1_237 + 11) % SLOT_COUNT)];
    const seen = new Set<string>();
    for (const slot of slots) {
      for (const position of [slot * SLOT_LENGTH, (slot + 1) * SLOT_LENGTH - 1]) {
        const id = `at-${position}`;
        if (seen.has(id)) continue;
        seen.add(id);
        const found = await outcome(insert(id, position));
        expect({ slot, found }).toEqual({ slot, found: isSet(bits, slot) ? 'written' : 'elsewhere' });
      }
    }
    for (const position of [-1, -SLOT_LENGTH, HASH_LINE_LENGTH, HASH_LINE_LENGTH + 5 * SLOT_LENGTH, Number.MAX_SAFE_INTEGER])
      expect(await outcome(insert(`at-${position}`, position))).toBe('elsewhere');
    await member.source.query('UPDATE item SET value = 5');
    const change = `UPDATE item SET ${member.quote('_shard_position')} = ${member.quote('_shard_position')} + 1`;
    expect(await outcome(member.source.query(change))).toBe('keyChange');
    await member.source.query('DELETE FROM item');
    expect(await member.countRows('Item')).toBe(0);
  });

  it('take no lock for them, so that nobody who holds the row of ownership is waited for', async () => {
    const [stays, moves] = [slotThat(true), slotThat(false)];
    await ownAll();
    const holder = member.runner();
    await holder.startTransaction();
    await holder.query(`SELECT * FROM _shard_ownership WHERE ${quoted()} = 'Item' FOR UPDATE`);
    const attempt = (slot: number) =>
      boundedTransaction(member.source, member.runner(), (run) => run(member.insertSql('Item', `in-${slot}`, slot * SLOT_LENGTH)));
    expect(await attempt(stays)).toMatchObject({ isBlocked: false });
    expect(await attempt(moves)).toMatchObject({ isBlocked: true });
    await holder.commitTransaction();
    expect(await attempt(moves)).toMatchObject({ isBlocked: false });
    await member.source.query('DELETE FROM item');
  });

  it('let no mover write there', async () => {
    await ownAll();
    const stays = slotThat(true);
    const runner = member.runner();
    await runner.startTransaction();
    await runner.query(kind === 'postgres' ? `SELECT set_config('${MOVER_SETTING}', '7', true)` : setMover(7));
    expect(await outcome(runner.query(member.insertSql('Item', 'mover', stays * SLOT_LENGTH)))).toBe('notForMover');
    await runner.rollbackTransaction();
    if (kind === 'mariadb') await runner.query(setMover(undefined));
  });

  it('are as they must be when they know of fewer slots, and made again when they know of more', async () => {
    const same = { from: tables.from, to: tables.from };
    const conditions = async (between: FencedGroup['between']) =>
      new Set((await guardState(member.source, groupsOf(between))).guards.map(({ condition }) => condition));
    expect(await conditions(tables)).toEqual(new Set(['armed']));
    expect(await conditions(same)).toEqual(new Set(['armed']));
    await arm(member.source, groupsOf(same));
    expect(await conditions(tables)).toEqual(new Set(['armed']));
    const none = { from: tables.from, to: hashRing().compile(['joining'], tables.from) };
    expect(await conditions(none)).toEqual(new Set(['altered', 'armed']));
    const runner = member.runner();
    await runner.startTransaction();
    await runner.query('SELECT COUNT(*) FROM item');
    expect(await brokenGuards(member.source, runner, groupsOf(tables))).toEqual([]);
    expect(await brokenGuards(member.source, runner, groupsOf(none))).toHaveLength(1);
    await runner.commitTransaction();
    expect(await arm(member.source, groupsOf(none))).toMatchObject({ isArmed: true, superfluous: [] });
    expect(await conditions(none)).toEqual(new Set(['armed']));
    expect(await conditions(tables)).toEqual(new Set(['armed']));
  });

  it('are others than those that look up all, which take their place without a moment between', async () => {
    const names = (between: FencedGroup['between']) => guardsOf(member.source, groupsOf(between)).map(({ name }) => name);
    expect(names(tables)).toEqual(names({ from: tables.from, to: tables.from }));
    expect(names(undefined).filter((name) => names(tables).includes(name))).toHaveLength(kind === 'postgres' ? 1 : 3);
    expect(await guardState(member.source, groupsOf(undefined))).toMatchObject({ isArmed: false });
    expect(await arm(member.source, groupsOf(undefined))).toMatchObject({ isArmed: true, superfluous: [] });
    await disarm(member.source, groupsOf(tables));
  });
});
