import type { DataSource, QueryRunner } from 'typeorm';
import { fenceRefusalOf, type Mark, markOf, OwnershipMarks, type OwnershipRow, readOwnership, shareRow } from '../../src/fence';
import { gateClass, gateNumber } from '../../src/fence/gate';
import { canSkipLocked } from '../../src/fence/server-flavour';
import { shareRows } from '../../src/fence/share-row';
import { describeOn } from '../cluster/fixtures/describe-on';
import { sampledKinds, serverKinds } from '../database';
import { FencedMember, type LookUp, lookUps, movingRow } from './fixtures/fenced-member';

const COUNT = 5;

/** Neighbours that leave the shard, of which nothing has moved. */
async function beginMoves(member: FencedMember, lookUp: LookUp, runner: QueryRunner): Promise<readonly OwnershipRow[]> {
  const first = movingRow(lookUp, member.shard);
  const length = Number(first.upto) - Number(first.since);
  const rows = Array.from({ length: COUNT }, (_, index): OwnershipRow => {
    const [since, upto] = [Number(first.since) + index * length, Number(first.upto) + index * length];
    return { ...first, since, upto, watermark: upto, frontier: upto, capture: upto };
  });
  await member.replaceRows(runner, first.group, rows);
  return rows;
}

/** Each row at another place. */
const freezes = (rows: readonly OwnershipRow[], token = 1): readonly Mark[] =>
  rows.map((row, index) => markOf.freeze(row, { token, watermark: row.upto, frontier: Number(row.since) + index * 3 }));

describe.each(sampledKinds)('Marks of many rows at once (%s)', (kind) => {
  let member: FencedMember;
  let runner: QueryRunner;

  beforeAll(async () => {
    member = await FencedMember.start(kind, { isArmed: false });
    runner = member.runner();
  }, 120_000);

  afterAll(() => member?.stop());

  const stored = async (group: string) => readOwnership(member.source, runner, group);

  describe.each(lookUps)('on rows found by %s', (lookUp: LookUp) => {
    it('give each row its own values, as one mark after the other would', async () => {
      const rows = await beginMoves(member, lookUp, runner);
      const some = rows.slice(0, 3);
      const frozen = some.map((row, index) => ({ ...row, frontier: Number(row.since) + index * 3 }));
      expect(await member.marks.free(runner, freezes(some))).toEqual(frozen.map((row) => ({ kind: 'done', row })));
      expect(await stored(rows[0]!.group)).toEqual([...frozen, ...rows.slice(3)]);

      const lower = frozen.map((row, index) => markOf.lower(row, { watermark: Number(row.upto) - index, version: 5 + index }));
      const lowered: OwnershipRow[] = frozen.map((row, index) => ({ ...row, watermark: Number(row.upto) - index, version: 5 + index }));
      // The first has no way to go, so it keeps its version.
      lowered[0] = frozen[0]!;
      expect(await member.marks.free(runner, lower)).toEqual(lowered.map((row) => ({ kind: 'done', row })));
      expect(await stored(rows[0]!.group)).toEqual([...lowered, ...rows.slice(3)]);
    });

    it('refuse those whose token or marks do not allow it, and make the others', async () => {
      const rows = await beginMoves(member, lookUp, runner);
      await member.marks.raise(runner, rows[1]!, 9);
      await member.marks.freeze(runner, rows[2]!, { token: 1, watermark: rows[2]!.upto, frontier: rows[2]!.since });
      const outcomes = await member.marks.free(runner, freezes(rows));
      expect(outcomes.map((outcome) => outcome?.kind)).toEqual(['done', 'refused', 'refused', 'done', 'done']);
      expect((await stored(rows[0]!.group)).map(({ token, frontier }) => [token, Number(frontier)])).toEqual([
        [1, Number(rows[0]!.since)],
        [9, Number(rows[1]!.upto)],
        [1, Number(rows[2]!.since)],
        [1, Number(rows[3]!.since) + 9],
        [1, Number(rows[4]!.since) + 12],
      ]);
    });

    it('of several kinds, with tokens and rules of their own, come to their rows', async () => {
      const rows = await beginMoves(member, lookUp, runner);
      const rest = rows.map((row) => ({ ...row, newRule: row.oldRule, watermark: row.since, frontier: row.since, capture: row.since }));
      await member.replaceRows(runner, rows[0]!.group, rest);
      const marks = rows.map((row, index) =>
        index === 2 ? markOf.raise(row, 7) : markOf.begin(row, { token: 2 + index, newRule: { modulus: 9, residue: index }, version: 3 }),
      );
      const outcomes = await member.marks.free(runner, marks);
      expect(outcomes.map((outcome) => outcome?.kind)).toEqual(Array(COUNT).fill('done'));
      const begun = rows.map((row, index) => ({ ...row, token: 2 + index, newRule: { modulus: 9, residue: index }, version: 3 }));
      expect(await stored(rows[0]!.group)).toEqual(begun.map((row, index) => (index === 2 ? { ...rest[2], token: 7 } : row)));
    });

    it('leave out a row that is not there', async () => {
      const rows = await beginMoves(member, lookUp, runner);
      const marks = [...rows, { ...rows[0]!, since: 12_345 }].map((row) => markOf.raise(row, 3));
      const outcomes = await member.marks.free(runner, marks);
      expect(outcomes.map((outcome) => outcome?.kind)).toEqual([...Array(COUNT).fill('done'), undefined]);
    });
  });

  it('touch the rows of no other member', async () => {
    const rows = await beginMoves(member, 'slot', runner);
    const group = member.quote('group');
    await member.source.query(
      `INSERT INTO _shard_ownership SELECT 'other', ${group}, since, upto, watermark, frontier, capture, old_modulus, old_residue, new_modulus, new_residue, token, version FROM _shard_ownership WHERE shard = 's1' AND ${group} = 'Item'`,
    );
    await member.marks.free(runner, freezes(rows, 5));
    const foreign = await member.source.query(`SELECT DISTINCT token FROM _shard_ownership WHERE shard = 'other'`);
    expect(foreign.map((each: object) => Object.values(each).map(Number))).toEqual([[1]]);
    await member.source.query(`DELETE FROM _shard_ownership WHERE shard = 'other'`);
  });

  it('are made when they are more than one transaction makes', async () => {
    const [first] = await beginMoves(member, 'slot', runner);
    const rows = Array.from({ length: 300 }, (_, index) => {
      const [since, upto] = [Number(first!.since) + index * 10, Number(first!.since) + index * 10 + 10];
      return { ...first!, since, upto, watermark: upto, frontier: upto, capture: upto };
    });
    await member.replaceRows(runner, 'Item', rows);
    const marks = rows.map((row, index) =>
      index % 2 === 0 ? markOf.raise(row, 2) : markOf.lower(row, { watermark: row.since, version: 2 }),
    );
    const outcomes = await member.marks.free(runner, marks);
    expect(outcomes.map((outcome) => outcome?.kind)).toEqual(Array(300).fill('done'));
    const found = await stored('Item');
    expect(found.map(({ token }) => token)).toEqual(rows.map((_, index) => (index % 2 === 0 ? 2 : 1)));
    expect(found.filter(({ watermark, since }) => watermark === since)).toHaveLength(150);
  });

  it('are read in share mode together', async () => {
    const rows = await beginMoves(member, 'range', runner);
    await runner.startTransaction();
    try {
      expect(await shareRows(runner, [...rows, { ...rows[0]!, since: 12_345 }])).toHaveLength(COUNT);
      expect(await shareRows(runner, [])).toEqual([]);
    } finally {
      await runner.rollbackTransaction();
    }
  });
});

describeOn(serverKinds, 'Marks of many rows at once beside writers', (kind) => {
  let member: FencedMember;
  let mover: QueryRunner;
  let writer: QueryRunner;

  beforeAll(async () => {
    member = await FencedMember.start(kind);
  }, 120_000);

  beforeEach(async () => {
    [mover, writer] = [member.runner(), member.runner()];
    for (const lookUp of lookUps) {
      // While nothing has moved all of them may be written.
      const [row] = await beginMoves(member, lookUp, mover);
      await member.source.query(`DELETE FROM ${row!.group.toLowerCase()}`);
    }
  });

  afterEach(() => member.releaseAll());
  afterAll(() => member?.stop());

  const insert = (row: OwnershipRow, id: string) => writer.query(member.insertSql(row.group, id, Number(row.since) + 20));
  const kinds = async (rows: readonly OwnershipRow[]) => (await member.marks.free(mover, freezes(rows))).map((outcome) => outcome?.kind);

  it.each(lookUps)('freeze no row with a write in flight, wait for none, and are seen by the next write (%s)', async (lookUp) => {
    const rows = await beginMoves(member, lookUp, mover);
    await writer.startTransaction();
    await insert(rows[1]!, 'early');
    expect(await kinds(rows)).toEqual(['done', undefined, 'done', 'done', 'done']);
    // The writer holds a row of which nothing was marked, and no mark waits for it: there is nothing to be in a circle with.
    const written = await insert(rows[2]!, 'late').then(() => 'written', fenceRefusalOf);
    expect(written).toBe('frozen');
    await writer.rollbackTransaction();
    await writer.startTransaction();
    await insert(rows[1]!, 'early');
    await writer.commitTransaction();
    expect(await kinds(rows)).toEqual(Array(COUNT).fill('done'));
    expect(await member.countRows(rows[0]!.group)).toBe(1);
  });

  it.each(lookUps)('would freeze the row under the write when the look-up did not lock (%s)', async (lookUp) => {
    const rows = await beginMoves(member, lookUp, mover);
    const unlocked = (statement: string) =>
      statement.replaceAll(/ (LOCK IN SHARE MODE|FOR SHARE);/g, ';').replaceAll(/PERFORM pg_advisory_xact_lock_shared\([^;]*;/g, '');
    await member.armAltered(unlocked);
    try {
      await writer.startTransaction('READ COMMITTED');
      await insert(rows[1]!, 'lost');
      expect(await kinds(rows)).toEqual(Array(COUNT).fill('done'));
      await writer.commitTransaction();
      expect(await member.countRows(rows[0]!.group)).toBe(1);
    } finally {
      await member.rearm();
    }
  });

  it('leave out a row that a reader has in share mode, and give the connection back as it was', async () => {
    const rows = await beginMoves(member, 'slot', mover);
    await writer.startTransaction('READ COMMITTED');
    await shareRow(writer, rows[3]!);
    const marks = rows.map((row) => markOf.raise(row, 4));
    expect((await member.marks.free(mover, marks)).map((outcome) => outcome?.kind)).toEqual(['done', 'done', 'done', undefined, 'done']);
    expect(mover.isTransactionActive).toBe(false);
    await writer.commitTransaction();
  });

  if (kind === 'postgres') {
    it('leave out a row whose gate somebody is in', async () => {
      const rows = await beginMoves(member, 'slot', mover);
      await writer.startTransaction('READ COMMITTED');
      const gate = `SELECT pg_advisory_xact_lock_shared($1, ${gateNumber('CAST($2 AS numeric)')})`;
      await writer.query(gate, [gateClass(rows[0]!), String(rows[0]!.since)]);
      expect(await kinds(rows)).toEqual([undefined, 'done', 'done', 'done', 'done']);
      await writer.commitTransaction();
    });
  }
});

const mariadb = serverKinds.filter((kind) => kind === 'mariadb');

describeOn(mariadb, 'A server that cannot skip locked rows', (kind) => {
  it('is known by its version, and has every row marked by itself', async () => {
    const member = await FencedMember.start(kind, { isArmed: false });
    try {
      const runner = member.runner();
      const rows = await beginMoves(member, 'slot', runner);
      const shown = (version: string) => ({ query: async () => [{ version }] }) as unknown as QueryRunner;
      const versions = [
        '10.5.27-MariaDB',
        '5.7.44',
        '5.5.5-10.5.9-MariaDB',
        '10.6.1-MariaDB',
        '11.4.2-MariaDB',
        '8.0.36',
        '9.1.0',
        '5.5.5-10.11.6-MariaDB',
      ];
      const found = await Promise.all(versions.map((version) => canSkipLocked({} as DataSource, shown(version))));
      expect(found).toEqual([false, false, false, true, true, true, true, true]);

      const old = await member.another();
      await canSkipLocked(old, shown('10.5.27-MariaDB'));
      const marks = new OwnershipMarks(old);
      expect(await marks.free(runner, freezes(rows))).toEqual(Array(COUNT).fill(undefined));
      expect(await marks.apply(runner, freezes(rows)[1]!)).toMatchObject({ kind: 'done' });
    } finally {
      await member.stop();
    }
  });
});
