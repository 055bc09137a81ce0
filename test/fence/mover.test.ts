import { setTimeout as delay } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { arm, disarm, fenceRefusalOf, moverTransaction, NONE, type OwnershipRow } from '../../src/fence';
import { withoutForeignKeys } from '../../src/reshard/rows/write-rows';
import { describeOn } from '../cluster/fixtures/describe-on';
import { sampledKinds, serverKinds } from '../database';
import { FencedMember, type LookUp, lookUps } from './fixtures/fenced-member';

describe.each(sampledKinds)('A mover (%s)', (kind) => {
  let member: FencedMember;
  let mover: QueryRunner;

  beforeAll(async () => {
    member = await FencedMember.start(kind);
    mover = member.runner();
  }, 120_000);

  beforeEach(() => member.clearRows());
  afterAll(() => member?.stop());

  const insert = (row: OwnershipRow, at: number) => mover.query(member.insertSql(row.group, `x${at}`, Number(row.since) + at));
  const refusalOf = (work: Promise<unknown>) => work.then(() => 'written', fenceRefusalOf);

  describe.each(lookUps)('with rows found by %s', (lookUp: LookUp) => {
    /** The target's row: frozen from 5 on, moved from 20 on. */
    const arriving = () =>
      member.beginMove(lookUp, {
        ...{ oldRule: NONE, newRule: { modulus: 1, residue: 0 }, token: 4 },
        ...(lookUp === 'slot' ? at(100 * 2 ** 36) : at(0)),
      });
    const at = (since: number) => ({ frontier: since + 5, watermark: since + 20 });

    it('writes arrivals of the frozen chunk, and its session is an ordinary one again afterwards', async () => {
      const row = await arriving();
      await moverTransaction(mover, { token: 4, rows: [row] }, () => insert(row, 5));
      expect(await member.countRows(row.group)).toBe(1);
      expect(await refusalOf(insert(row, 6))).toBe('frozen');
      expect(await refusalOf(insert(row, 20))).toBe('written');
    });

    it('is judged anew in each transaction, by its row as it is then', async () => {
      const row = await arriving();
      const lease = { token: 4, rows: [row] };
      await moverTransaction(mover, lease, () => insert(row, 5));
      const setter = member.runner();
      await member.replaceRows(setter, row.group, [{ ...row, ...at(Number(row.since)), watermark: Number(row.since) + 6 }]);
      await setter.release();
      expect(await refusalOf(moverTransaction(mover, lease, () => insert(row, 6)))).toBe('notForMover');
    });

    it.each([4, 20])('writes nothing at %i, below the frontier or above the watermark', async (place) => {
      const row = await arriving();
      const lease = { token: 4, rows: [row] };
      expect(await refusalOf(moverTransaction(mover, lease, () => insert(row, place)))).toBe('notForMover');
      expect(await member.countRows(row.group)).toBe(0);
      expect(await refusalOf(insert(row, 20))).toBe('written');
    });

    it('that lost its lease is stopped before it does anything, also where the fence has been disarmed', async () => {
      const row = await arriving();
      const work = jest.fn(async () => undefined);
      const lost = { code: 'ERR_LEASE_LOST', shard: 's1', group: row.group };
      for (const token of [3, 5]) await expect(moverTransaction(mover, { token, rows: [row] }, work)).rejects.toMatchObject(lost);
      const unknown = { ...row, since: 12_345 };
      await expect(moverTransaction(mover, { token: 4, rows: [row, unknown] }, work)).rejects.toMatchObject(lost);
      await disarm(member.source, member.groups);
      try {
        await expect(moverTransaction(mover, { token: 3, rows: [row] }, work)).rejects.toMatchObject(lost);
        // The control: without the check there is nothing left that would stop it.
        await insert(row, 7);
      } finally {
        await arm(member.source, member.groups);
      }
      expect(work).not.toHaveBeenCalled();
      expect(mover.isTransactionActive).toBe(false);
    });

    it('rolls back what its work threw at, and the next transaction is ordinary', async () => {
      const row = await arriving();
      const failing = moverTransaction(mover, { token: 4, rows: [row] }, async () => {
        await insert(row, 5);
        throw new Error('no more');
      });
      await expect(failing).rejects.toThrow('no more');
      expect(await member.countRows(row.group)).toBe(0);
      expect(await refusalOf(insert(row, 6))).toBe('frozen');
    });
  });

  it('whose work ended in the midst of unordered rows has its session check references again', async () => {
    const row = await member.beginMove('slot', { token: 4 });
    const failing = moverTransaction(mover, { token: 4, rows: [row] }, () =>
      withoutForeignKeys(mover, async () => {
        throw new Error('no more');
      }),
    );
    await expect(failing).rejects.toThrow('no more');
    const isCutOff = moverTransaction(mover, { token: 4, rows: [row] }, async () => {
      if (kind === 'mariadb') await mover.query('SET foreign_key_checks = 0');
      throw new Error('and no more');
    });
    await expect(isCutOff).rejects.toThrow('and no more');
    if (kind !== 'mariadb') return;
    const [session] = await mover.query('SELECT @@foreign_key_checks AS checks');
    expect(Number(session.checks)).toBe(1);
  });

  it('is not let write in one group what it was let write in another', async () => {
    const since = 100 * 2 ** 36;
    const row = await member.beginMove('slot', {
      ...{ oldRule: NONE, newRule: { modulus: 1, residue: 0 }, token: 4 },
      ...{ frontier: since, watermark: since + 20 },
    });
    const writing = moverTransaction(mover, { token: 4, rows: [row] }, async () => {
      await insert(row, 5);
      return mover.query(member.insertSql('Topic', 'x', Number(row.since) + 6));
    });
    expect(await refusalOf(writing)).toBe('elsewhere');
  });
});

describeOn(serverKinds, 'Two movers of one row', (kind) => {
  let member: FencedMember;

  beforeAll(async () => {
    member = await FencedMember.start(kind);
  }, 120_000);

  beforeEach(() => member.clearRows());
  afterEach(() => member.releaseAll());
  afterAll(() => member?.stop());

  it('do not overlap: the second gets its token when the first has ended, and the first gets no further', async () => {
    const row = await member.beginMove('slot', { oldRule: NONE, newRule: { modulus: 1, residue: 0 }, frontier: 100 * 2 ** 36 });
    const [first, second] = [member.runner(), member.runner()];
    const insert = (id: string, at: number) => first.query(member.insertSql('Item', id, Number(row.since) + at));
    await moverTransaction(first, { token: 1, rows: [row] }, async () => {
      expect(await member.marks.raise(second, row, 2)).toMatchObject({ kind: 'blocked' });
      await insert('a', 1);
      await delay(10);
    });
    expect(await member.countRows('Item')).toBe(1);
    expect(await member.marks.raise(second, row, 2)).toMatchObject({ kind: 'done' });
    await expect(moverTransaction(first, { token: 1, rows: [row] }, () => insert('b', 2))).rejects.toMatchObject({
      code: 'ERR_LEASE_LOST',
    });
    // Without the check of the token, in a session that still believes itself the mover, the guard is the second line.
    await first.query(kind === 'mariadb' ? 'SET @typeorm_sharding_mover = 1' : "SELECT set_config('typeorm_sharding.mover', '1', false)");
    expect(await insert('c', 3).catch(fenceRefusalOf)).toBe('notForMover');
    await first.query(kind === 'mariadb' ? 'SET @typeorm_sharding_mover = NULL' : "SELECT set_config('typeorm_sharding.mover', '', false)");
  });
});
