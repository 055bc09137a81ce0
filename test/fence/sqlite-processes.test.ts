import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../../src/cluster';
import { arm, disarm, fenceRefusalOf, guardState, moverTransaction, NONE } from '../../src/fence';
import { describeOn } from '../cluster/fixtures/describe-on';
import { databaseKinds } from '../database';
import { FencedMember, lookUps } from './fixtures/fenced-member';

describeOn(
  databaseKinds.filter((kind) => kind === 'better-sqlite3'),
  'The fence between processes on one file',
  (kind) => {
    let member: FencedMember;
    let other: ShardDataSource;
    let mover: QueryRunner;
    let writer: QueryRunner;

    beforeEach(async () => {
      member = await FencedMember.start(kind);
      other = await member.another();
      mover = member.runner();
      writer = other.createQueryRunner('master');
    }, 120_000);

    afterEach(async () => {
      await writer?.release();
      await member?.stop();
    });

    it.each(lookUps)(
      'a freeze waits for a write in flight, gives up in time, and is seen by every later write (rows found by %s)',
      async (lookUp) => {
        const row = await member.beginMove(lookUp);
        const at = (place: number) => member.insertSql(row.group, `x${place}`, Number(row.since) + place);
        const mark = { token: 1, watermark: row.upto, frontier: Number(row.since) + 3 };
        await writer.startTransaction();
        await writer.query(at(5));
        const begun = performance.now();
        expect(await member.marks.freeze(mover, row, mark)).toMatchObject({ kind: 'blocked' });
        expect(performance.now() - begun).toBeLessThan(1_000);
        await writer.commitTransaction();
        expect(await member.marks.freeze(mover, row, mark)).toMatchObject({ kind: 'done' });
        expect(await member.countRows(row.group)).toBe(1);
        expect(await writer.query(at(6)).catch(fenceRefusalOf)).toBe('frozen');
        await writer.query(at(2));
      },
    );

    it('a freeze that cannot be committed beside an open reader changes nothing, and the busy timeout is what it was', async () => {
      const row = await member.beginMove('slot');
      const mark = { token: 1, watermark: row.upto, frontier: row.since };
      const timeout = () => mover.query('PRAGMA busy_timeout');
      // What TypeORM opens a handle with, after provisioning and arming on it.
      expect(await timeout()).toEqual([{ timeout: 5_000 }]);
      await writer.startTransaction();
      await writer.query('SELECT * FROM item');
      expect(await member.marks.freeze(mover, row, mark)).toMatchObject({ kind: 'blocked' });
      expect(await timeout()).toEqual([{ timeout: 5_000 }]);
      await writer.query('SELECT * FROM _shard_ownership');
      await writer.commitTransaction();
      expect(await member.marks.freeze(mover, row, mark)).toMatchObject({ kind: 'done' });
    });

    it('a mover is a mover in its own transaction only', async () => {
      const row = await member.beginMove('slot', { oldRule: NONE, newRule: { modulus: 1, residue: 0 }, frontier: 100 * 2 ** 36 });
      const insert = (runner: QueryRunner, place: number) => runner.query(member.insertSql('Item', `x${place}`, Number(row.since) + place));
      await writer.query('PRAGMA busy_timeout = 50');
      await moverTransaction(mover, { token: 1, rows: [row] }, async () => {
        await insert(mover, 1);
        await expect(insert(writer, 2)).rejects.toMatchObject({ driverError: { code: 'SQLITE_BUSY' } });
        expect(await writer.query('SELECT mover FROM _shard_control')).toEqual([{ mover: null }]);
      });
      expect(await insert(writer, 3).catch(fenceRefusalOf)).toBe('frozen');
    });

    it('arming and disarming wait for a writer', async () => {
      await writer.startTransaction();
      await writer.query('DELETE FROM item');
      const attempts: number[] = [];
      const onBlocked = ({ attempt }: { readonly attempt: number }) => {
        attempts.push(attempt);
        if (attempt === 2) void writer.commitTransaction();
      };
      await disarm(member.source, member.groups, { onBlocked });
      expect(attempts).toEqual([1, 2]);
      expect(await guardState(other, member.groups)).toMatchObject({ isArmed: false });
      expect(await arm(member.source, member.groups)).toMatchObject({ isArmed: true });
      expect(await writer.query(member.insertSql('Item', 'x', -1)).catch(fenceRefusalOf)).toBe('elsewhere');
    });
  },
);
