import type { QueryRunner } from 'typeorm';
import { fenceRefusalOf, moverTransaction, NONE, type OwnershipRow } from '../../../src/fence';
import {
  compareRows,
  deleteStretch,
  departureBatch,
  type MoverSource,
  movableTables,
  openMoverSource,
  readStretches,
  writeRows,
} from '../../../src/reshard/rows';
import { sampledKinds } from '../../database';
import { FencedMember, lookUps } from '../../fence/fixtures/fenced-member';

const ALL = { modulus: 1, residue: 0 };

describe.each(sampledKinds)('A chunk between armed members (%s)', (kind) => {
  const members: FencedMember[] = [];
  const movers: MoverSource[] = [];
  const runners: QueryRunner[] = [];

  beforeAll(async () => {
    for (let index = 0; index < 2; index += 1) {
      const member = await FencedMember.start(kind);
      members.push(member);
      const mover = await openMoverSource(member.source, { connections: 2 });
      movers.push(mover);
      runners.push(mover.source.createQueryRunner('master'));
    }
  }, 120_000);

  afterAll(async () => {
    for (const runner of runners) await runner.release();
    for (const mover of movers) await mover.destroy();
    for (const member of members) await member.stop();
  });

  it.each(lookUps)(
    'is copied, compared and cleaned up with rows found by %s',
    async (lookUp) => {
      const [source, target] = members as [FencedMember, FencedMember];
      const [from, to] = runners as [QueryRunner, QueryRunner];
      const departing: OwnershipRow = await source.beginMove(lookUp);
      const since = Number(departing.since);
      for (let at = 0; at < 30; at += 1) await source.source.query(source.insertSql(departing.group, `x${at}`, since + at));
      const lease = { token: 1, rows: [departing] };
      const frozen = { frontier: since + 10 };
      const leaving = await source.beginMove(lookUp, frozen);
      const arriving = await target.beginMove(lookUp, { ...frozen, oldRule: NONE, newRule: ALL });
      const tables = [0, 1].map((index) => movableTables(movers[index]!.source, departing.group)) as [never, never];
      const chunk = { from: since + 10, upto: departing.upto, rules: [ALL] };

      const rows = await moverTransaction(from, lease, () => readStretches(from, tables[0], [chunk]));
      expect(rows.count).toBe(20);
      const copied = await moverTransaction(to, { token: 1, rows: [arriving] }, async () => {
        await writeRows(to, tables[1], rows);
        return readStretches(to, tables[1], [chunk]);
      });
      expect(compareRows(rows, copied)).toEqual([]);

      // Outside a mover's transaction its session is refused as any other, and frozen rows stay.
      expect(await deleteStretch(from, tables[0], chunk, { batchRows: 7 }).catch(fenceRefusalOf)).toBe('frozen');
      await source.replaceRows(from, leaving.group, [{ ...leaving, watermark: since + 10 }]);
      const batch = await departureBatch(from, tables[0], { ...chunk, limit: 8 });
      expect(batch).toEqual({ ...chunk, from: since + 22, rows: 8 });
      expect(await moverTransaction(from, lease, () => deleteStretch(from, tables[0], batch, { batchRows: 100 }))).toBe(8);
      expect(await moverTransaction(from, lease, () => deleteStretch(from, tables[0], chunk, { batchRows: 5 }))).toBe(12);
      expect(await source.countRows(departing.group)).toBe(10);
      expect(await target.countRows(departing.group)).toBe(20);
      expect(
        await moverTransaction(to, { token: 1, rows: [arriving] }, () => deleteStretch(to, tables[1], chunk, { batchRows: 500 })),
      ).toBe(20);
    },
    60_000,
  );
});
