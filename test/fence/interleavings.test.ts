import { setTimeout as delay } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { cutRow, fenceRefusalOf, OwnershipMarks, type OwnershipRow } from '../../src/fence';
import { describeOn } from '../cluster/fixtures/describe-on';
import { serverKinds, waitUntil } from '../database';
import { FencedMember, type LookUp, lookUps } from './fixtures/fenced-member';

const LEVELS = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const;

/** The share lock of the look-up, which is what the controls do without. */
const withoutShare = (statement: string) => statement.replaceAll(/ (LOCK IN SHARE MODE|FOR SHARE);/g, ';');
const withoutGate = (statement: string) => statement.replaceAll(/PERFORM pg_advisory_xact_lock_shared\([^;]*;/g, '');
const withoutShareAndGate = (statement: string) => withoutGate(withoutShare(statement));

describeOn(serverKinds, 'The fence between sessions', (kind) => {
  let member: FencedMember;
  let mover: QueryRunner;

  beforeAll(async () => {
    member = await FencedMember.start(kind);
  }, 120_000);

  beforeEach(async () => {
    await member.clearRows();
    mover = member.runner();
  });

  afterEach(() => member.releaseAll());
  afterAll(() => member?.stop());

  const freeze = (row: OwnershipRow, at = 3) =>
    member.marks.freeze(mover, row, { token: row.token, watermark: row.upto, frontier: Number(row.since) + at });
  const insert = (runner: QueryRunner, row: OwnershipRow, id: string, at: number) =>
    runner.query(member.insertSql(row.group, id, Number(row.since) + at));
  const refusalOf = (work: Promise<unknown>) =>
    work.then(
      () => 'written',
      (error: unknown) => fenceRefusalOf(error) ?? String((error as { driverError?: { code?: string } }).driverError?.code),
    );

  describe.each(lookUps)('with rows found by %s', (lookUp: LookUp) => {
    describe.each(LEVELS)('and a writer at %s', (level) => {
      it('lets a freeze wait for a write in flight, give up in time, and be seen by every write after it', async () => {
        const row = await member.beginMove(lookUp);
        const writer = member.runner();
        await writer.startTransaction(level);
        await insert(writer, row, 'early', 5);

        const begun = performance.now();
        expect(await freeze(row)).toMatchObject({ kind: 'blocked' });
        expect(performance.now() - begun).toBeLessThan(1_000);
        await writer.commitTransaction();

        expect(await freeze(row)).toMatchObject({ kind: 'done', row: { frontier: Number(row.since) + 3, watermark: row.upto } });
        expect(await member.countRows(row.group)).toBe(1);
        await writer.startTransaction(level);
        expect(await refusalOf(insert(writer, row, 'late', 6))).toBe('frozen');
        await writer.rollbackTransaction();
        await writer.startTransaction(level);
        expect(await refusalOf(insert(writer, row, 'below', 2))).toBe('written');
        await writer.commitTransaction();
      });

      it('refuses a write of a transaction whose snapshot is older than the freeze', async () => {
        const row = await member.beginMove(lookUp);
        const writer = member.runner();
        await writer.startTransaction(level);
        // A snapshot of another table: the transaction holds nothing that the freeze would wait for.
        await writer.query(`SELECT COUNT(*) FROM _shard_log`);
        expect(await freeze(row)).toMatchObject({ kind: 'done' });
        const expected = kind === 'postgres' && level !== 'READ COMMITTED' ? '40001' : 'frozen';
        expect(await refusalOf(insert(writer, row, 'stale', 5))).toBe(expected);
      });
    });

    it('loses the write in flight when the look-up does not lock, which is what the lock is for', async () => {
      const row = await member.beginMove(lookUp);
      await member.armAltered(withoutShareAndGate);
      try {
        const writer = member.runner();
        await writer.startTransaction('READ COMMITTED');
        await insert(writer, row, 'lost', 5);
        expect(await freeze(row)).toMatchObject({ kind: 'done' });
        expect(await member.countRows(row.group)).toBe(0);
        await writer.commitTransaction();
        expect(await member.countRows(row.group)).toBe(1);
      } finally {
        await member.rearm();
      }
    });

    it('lets an old snapshot write into a frozen chunk when the look-up does not lock', async () => {
      const row = await member.beginMove(lookUp);
      await member.armAltered(withoutShareAndGate);
      try {
        const writer = member.runner();
        await writer.startTransaction('REPEATABLE READ');
        await writer.query(`SELECT COUNT(*) FROM _shard_log`);
        expect(await freeze(row)).toMatchObject({ kind: 'done' });
        expect(await refusalOf(insert(writer, row, 'lost', 5))).toBe('written');
        await writer.rollbackTransaction();
      } finally {
        await member.rearm();
      }
    });

    it('lets writers of one row write beside each other', async () => {
      const row = await member.beginMove(lookUp);
      const [one, other] = [member.runner(), member.runner()];
      await one.startTransaction();
      await insert(one, row, 'one', 5);
      await other.startTransaction();
      await insert(other, row, 'other', 6);
      await other.commitTransaction();
      await one.commitTransaction();
      expect(await member.countRows(row.group)).toBe(2);
    });

    it('owns from the first position of a row to the last, and the neighbours own the rest', async () => {
      const row = await member.beginMove(lookUp);
      const length = Number(row.upto) - Number(row.since);
      expect(await freeze(row, 0)).toMatchObject({ kind: 'done' });
      for (const at of [0, length - 1]) expect(await refusalOf(insert(mover, row, `in-${at}`, at))).toBe('frozen');
      for (const at of [-1, length]) expect(await refusalOf(insert(mover, row, `out-${at}`, at))).toBe('elsewhere');
      expect(await member.marks.setBack(mover, row, { token: 1, watermark: row.upto, version: 1 })).toMatchObject({ kind: 'done' });
      for (const at of [0, length - 1]) expect(await refusalOf(insert(mover, row, `in-${at}`, at))).toBe('written');
    });
  });

  describe('with writers that overlap without end', () => {
    /** Keeps eight writers in transactions of 30 ms on one row; answers how many attempts a freeze needed, or that it never came. */
    const freezeUnderLoad = async (row: OwnershipRow, attempts: number) => {
      const end = new AbortController();
      let written = 0;
      const writers = Array.from({ length: 8 }, async (_, index) => {
        const runner = member.runner();
        await delay(index * 4);
        while (!end.signal.aborted) {
          await runner.startTransaction('READ COMMITTED');
          await refusalOf(insert(runner, row, `w${index}-${written++}`, 100 + index + 8 * written));
          await delay(30);
          if (runner.isTransactionActive) await runner.rollbackTransaction();
        }
      });
      try {
        await delay(100);
        for (let attempt = 1; attempt <= attempts; attempt += 1) {
          if ((await freeze(row)).kind === 'done') return attempt;
        }
        return 'never';
      } finally {
        end.abort();
        await Promise.all(writers);
      }
    };

    it('is frozen nonetheless', async () => {
      const row = await member.beginMove('slot');
      expect(await freezeUnderLoad(row, 20)).not.toBe('never');
    });
  });

  if (kind === 'postgres') {
    describe('with a writer that comes while a freeze waits', () => {
      /** One writer holds the row, a patient freeze waits for it, and then another writer comes. */
      const overtake = async () => {
        const row = await member.beginMove('slot');
        const [early, late] = [member.runner(), member.runner()];
        await early.startTransaction('READ COMMITTED');
        await insert(early, row, 'early', 5);
        const mark = { token: 1, watermark: row.upto, frontier: Number(row.since) + 3 };
        const freezing = new OwnershipMarks(member.source, 20_000).freeze(mover, row, mark);
        const isWaiting = async () => (await member.source.query('SELECT 1 FROM pg_locks WHERE NOT granted')).length > 0;
        await waitUntil(isWaiting, { what: 'the freeze to wait' });
        await late.startTransaction('READ COMMITTED');
        return { early, late, freezing, writing: refusalOf(insert(late, row, 'late', 6)) };
      };

      it('lets the freeze go first', async () => {
        const { early, freezing, writing } = await overtake();
        await early.commitTransaction();
        expect(await freezing).toMatchObject({ kind: 'done' });
        expect(await writing).toBe('frozen');
      });

      it('would be overtaken without the gate, and wait for the late writer too', async () => {
        await member.armAltered(withoutGate);
        try {
          const { early, late, freezing, writing } = await overtake();
          expect(await writing).toBe('written');
          await early.commitTransaction();
          expect(await Promise.race([freezing, delay(200, 'waits')])).toBe('waits');
          await late.commitTransaction();
          expect(await freezing).toMatchObject({ kind: 'done' });
        } finally {
          await member.rearm();
        }
      });
    });
  }

  it('holds a prepared transaction off on PostgreSQL only: MariaDB drops its locks, so copies must read with locks', async () => {
    const row = await member.beginMove('slot');
    const writer = member.runner();
    const at = member.insertSql('Item', 'prepared', Number(row.since) + 5);
    const statements = {
      mariadb: ["XA START 'w'", at, "XA END 'w'", "XA PREPARE 'w'", "XA COMMIT 'w'"],
      postgres: ['BEGIN', at, "PREPARE TRANSACTION 'w'", "COMMIT PREPARED 'w'"],
    }[kind];
    const commit = statements.at(-1)!;
    for (const statement of statements.slice(0, -1)) await writer.query(statement);
    expect(await freeze(row)).toMatchObject({ kind: kind === 'mariadb' ? 'done' : 'blocked' });
    const reader = member.runner();
    // The first locking read of the copy waits for the prepared row, so nothing is missed.
    const locked = `SELECT COUNT(*) FROM item WHERE ${member.quote('_shard_position')} >= ${row.since} LOCK IN SHARE MODE`;
    if (kind === 'mariadb') {
      await expect(reader.query(`SET STATEMENT max_statement_time = 0.1 FOR ${locked}`)).rejects.toMatchObject({
        driverError: { errno: 1969 },
      });
    }
    await writer.query(commit);
    expect(await freeze(row)).toMatchObject({ kind: 'done' });
    expect(await member.countRows('Item')).toBe(1);
  });

  describe('when rows are cut while the guards stand', () => {
    const at = 500;

    it('waits for writers of the part that becomes a row of its own, and a freeze of that waits for later ones', async () => {
      const whole = await member.beginMove('range', { newRule: { modulus: 1, residue: 0 }, watermark: 0, frontier: 0, capture: 0 });
      const writer = member.runner();
      await writer.startTransaction();
      await insert(writer, whole, 'early', 700);
      expect(await cutRow(member.source, mover, whole, { at, token: 1 })).toMatchObject({ kind: 'blocked' });
      await writer.commitTransaction();
      expect(await cutRow(member.source, mover, whole, { at, token: 1 })).toMatchObject({ kind: 'done', row: { upto: at } });
      expect(await cutRow(member.source, mover, whole, { at, token: 1 })).toMatchObject({ kind: 'done' });

      const upper = { ...whole, since: at };
      const begun = await member.marks.begin(mover, upper, { token: 2, newRule: { modulus: 0, residue: 0 }, version: 2 });
      expect(begun).toMatchObject({ kind: 'done', row: { since: at, upto: 1_000, watermark: 1_000, frontier: 1_000, token: 2 } });
      await writer.startTransaction();
      await insert(writer, whole, 'later', 701);
      const mark = { token: 2, watermark: 1_000, frontier: at };
      expect(await member.marks.freeze(mover, upper, mark)).toMatchObject({ kind: 'blocked' });
      await insert(writer, whole, 'lower', 3);
      await writer.commitTransaction();
      expect(await member.marks.freeze(mover, upper, mark)).toMatchObject({ kind: 'done' });
      expect(await refusalOf(insert(writer, whole, 'late', 702))).toBe('frozen');
      expect(await refusalOf(insert(writer, whole, 'below', 4))).toBe('written');
    });

    it('would lose a write when the new row were only inserted', async () => {
      const whole = await member.beginMove('range');
      const writer = member.runner();
      await writer.startTransaction('READ COMMITTED');
      await insert(writer, whole, 'lost', 700);
      // The row that covers is left as it is, and so nobody is waited for. Its index entry comes after the new one's.
      const upper = { ...whole, since: at, upto: 999, watermark: 999, frontier: 999, capture: 999 };
      const inserting = member.replaceRows(mover, 'none', [upper]);
      await inserting;
      const frozen = await member.marks.freeze(mover, upper, { token: 1, watermark: 999, frontier: at });
      expect(frozen).toMatchObject({ kind: 'done' });
      expect(await member.countRows('Topic')).toBe(0);
      await writer.commitTransaction();
      expect(await member.countRows('Topic')).toBe(1);
    });
  });
});
