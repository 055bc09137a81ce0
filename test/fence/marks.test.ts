import type { QueryRunner } from 'typeorm';
import { cutRow, readOwnership, shareCovering, shareRow } from '../../src/fence';
import { cancelled } from '../../src/fence/bounded-transaction';
import { describeOn } from '../cluster/fixtures/describe-on';
import { sampledKinds, serverKinds } from '../database';
import { FencedMember, type LookUp, lookUps } from './fixtures/fenced-member';

describe.each(sampledKinds)('Marks (%s)', (kind) => {
  let member: FencedMember;
  let runner: QueryRunner;

  beforeAll(async () => {
    member = await FencedMember.start(kind, { isArmed: false });
    runner = member.runner();
  }, 120_000);

  afterAll(() => member?.stop());

  const others = async (group: string, but: unknown) =>
    (await readOwnership(member.source, runner, group)).filter(({ since }) => since !== but);

  describe.each(lookUps)('on a row found by %s', (lookUp: LookUp) => {
    it('raise a token that only grows', async () => {
      const row = await member.beginMove(lookUp);
      expect(await member.marks.raise(runner, row, 5)).toMatchObject({ kind: 'done', row: { ...row, token: 5 } });
      expect(await member.marks.raise(runner, row, 5)).toMatchObject({ kind: 'done' });
      expect(await member.marks.raise(runner, row, 4)).toMatchObject({ kind: 'refused', row: { token: 5 } });
      expect(await member.marks.raise(runner, { ...row, since: 12_345 }, 9)).toEqual({ kind: 'refused', row: undefined });
    });

    it('freeze and set back only with a token that is not old, and from the watermark that the mover knows', async () => {
      const row = await member.beginMove(lookUp, { token: 5 });
      const frontier = Number(row.upto) - 10;
      const mark = { token: 5, watermark: row.upto, frontier };
      expect(await member.marks.freeze(runner, row, { ...mark, token: 4 })).toMatchObject({ kind: 'refused', row });
      expect(await member.marks.freeze(runner, row, { ...mark, watermark: Number(row.upto) - 1 })).toMatchObject({ kind: 'refused', row });
      expect(await member.marks.freeze(runner, row, { ...mark, frontier: Number(row.since) - 1 })).toMatchObject({ kind: 'refused', row });
      expect(await member.marks.freeze(runner, row, mark)).toMatchObject({ kind: 'done', row: { ...row, frontier } });
      expect(await member.marks.freeze(runner, row, mark)).toMatchObject({ kind: 'done' });
      expect(await member.marks.freeze(runner, row, { ...mark, frontier: frontier + 1 })).toMatchObject({ kind: 'refused' });
      const known = { watermark: row.upto, version: row.version };
      expect(await member.marks.setBack(runner, row, { ...known, token: 4 })).toMatchObject({ kind: 'refused', row: { frontier } });
      const back = { ...row, token: 6, frontier: row.upto };
      expect(await member.marks.setBack(runner, row, { ...known, token: 6 })).toMatchObject({ kind: 'done', row: back });
    });

    it('set back no chunk that the topology has committed, though the shard has not heard of it', async () => {
      const row = await member.beginMove(lookUp);
      const [committed, frontier] = [Number(row.upto) - 10, Number(row.upto) - 20];
      await member.marks.freeze(runner, row, { token: 1, watermark: row.upto, frontier });
      const back = await member.marks.setBack(runner, row, { token: 2, watermark: committed, version: 5 });
      expect(back).toMatchObject({ kind: 'done', row: { watermark: committed, frontier: committed, token: 2, version: 5 } });
      const late = await member.marks.setBack(runner, row, { token: 3, watermark: row.upto, version: 4 });
      expect(late).toMatchObject({ kind: 'refused', row: { watermark: committed, frontier: committed } });
    });

    it('lower no row of a later plan, whose version is higher', async () => {
      const row = await member.beginMove(lookUp, { version: 8 });
      const lowered = await member.marks.lower(runner, row, { watermark: Number(row.upto) - 10, version: 8 });
      expect(lowered).toMatchObject({ kind: 'refused', row: { watermark: row.upto, version: 8 } });
    });

    it('lower the watermark for anybody, never raise it, and take no token', async () => {
      const row = await member.beginMove(lookUp, { token: 5 });
      const [half, third] = [Number(row.upto) - 10, Number(row.upto) - 5];
      expect(await member.marks.lower(runner, row, { watermark: half, version: 8 })).toMatchObject({
        kind: 'done',
        row: { watermark: half, frontier: half, token: 5, version: 8 },
      });
      expect(await member.marks.lower(runner, row, { watermark: third, version: 7 })).toMatchObject({
        kind: 'done',
        row: { watermark: half, frontier: half, version: 8 },
      });
      await member.marks.freeze(runner, row, { token: 5, watermark: half, frontier: row.since });
      const lowered = { watermark: half - 1, frontier: row.since };
      expect(await member.marks.lower(runner, row, { watermark: half - 1, version: 9 })).toMatchObject({ kind: 'done', row: lowered });
      const below = await member.marks.lower(runner, row, { watermark: Number(row.since) - 1, version: 9 });
      expect(below).toMatchObject({ kind: 'refused', row: lowered });
    });

    it('begin a move at rest, drop it while nothing has moved, and end it when all has', async () => {
      const row = await member.beginMove(lookUp, { newRule: { modulus: 1, residue: 0 } });
      const rest = { watermark: row.since, frontier: row.since, capture: row.since };
      await member.beginMove(lookUp, { newRule: { modulus: 1, residue: 0 }, ...rest });
      const newRule = { modulus: 3, residue: 2 };
      const begun = { newRule, watermark: row.upto, frontier: row.upto, capture: row.upto, version: 2 };
      expect(await member.marks.begin(runner, row, { token: 2, newRule, version: 2 })).toMatchObject({ kind: 'done', row: begun });
      expect(await member.marks.begin(runner, row, { token: 2, newRule, version: 2 })).toMatchObject({ kind: 'done' });
      expect(await member.marks.settle(runner, row, { token: 2, version: 3 })).toMatchObject({ kind: 'refused', row: begun });
      const dropped = { newRule: row.oldRule, ...rest, version: 3 };
      expect(await member.marks.abandon(runner, row, { token: 2, version: 3 })).toMatchObject({ kind: 'done', row: dropped });

      await member.marks.begin(runner, row, { token: 2, newRule, version: 4 });
      await member.marks.lower(runner, row, { watermark: Number(row.upto) - 1, version: 5 });
      expect(await member.marks.abandon(runner, row, { token: 2, version: 6 })).toMatchObject({ kind: 'refused' });
      expect(await member.marks.begin(runner, row, { token: 2, newRule: row.newRule, version: 6 })).toMatchObject({ kind: 'refused' });
      await member.marks.lower(runner, row, { watermark: row.since, version: 6 });
      const settled = { oldRule: newRule, newRule, ...rest, version: 7 };
      expect(await member.marks.settle(runner, row, { token: 1, version: 7 })).toMatchObject({ kind: 'refused' });
      expect(await member.marks.settle(runner, row, { token: 2, version: 7 })).toMatchObject({ kind: 'done', row: settled });
    });

    it('touch no other row', async () => {
      const row = await member.beginMove(lookUp);
      await member.source.query(
        `INSERT INTO _shard_ownership SELECT 'other', ${member.quote('group')}, since, upto, watermark, frontier, capture, old_modulus, old_residue, new_modulus, new_residue, token, version FROM _shard_ownership WHERE shard = 's1' AND ${member.quote('group')} = '${row.group}'`,
      );
      const next = { ...row, since: row.upto, upto: Number(row.upto) + 8, watermark: row.upto, frontier: row.upto, capture: row.upto };
      await member.replaceRows(runner, row.group, [row, next]);
      await member.marks.raise(runner, row, 5);
      await member.marks.freeze(runner, row, { token: 5, watermark: row.upto, frontier: row.since });
      await member.marks.lower(runner, row, { watermark: row.since, version: 5 });
      expect(await others(row.group, row.since)).toEqual([next]);
      const foreign = await member.source.query(`SELECT token, version FROM _shard_ownership WHERE shard = 'other'`);
      expect(foreign.map((each: object) => Object.values(each).map(Number))).toEqual([[1, 1]]);
      await member.source.query(`DELETE FROM _shard_ownership WHERE shard = 'other'`);
    });

    it('are read in share mode, by key and by position', async () => {
      const row = await member.beginMove(lookUp);
      await runner.startTransaction();
      try {
        expect(await shareRow(runner, row)).toEqual(row);
        expect(await shareRow(runner, { ...row, since: 12_345 })).toBeUndefined();
        for (const position of [row.since, Number(row.upto) - 1]) expect(await shareCovering(runner, row, position)).toEqual(row);
        for (const position of [Number(row.since) - 1, row.upto]) expect(await shareCovering(runner, row, position)).toBeUndefined();
      } finally {
        await runner.rollbackTransaction();
      }
    });
  });

  it('cut a row at rest in two, and no other', async () => {
    const moving = await member.beginMove('range');
    expect(await cutRow(member.source, runner, moving, { at: 400, token: 3 })).toMatchObject({ kind: 'refused' });
    const rule = { modulus: 3, residue: 1 };
    const rest = { oldRule: rule, newRule: rule, watermark: 0, frontier: 0, capture: 0 };
    const row = await member.beginMove('range', rest);
    for (const at of [0, 1_000])
      expect(await cutRow(member.source, runner, row, { at, token: 3 })).toMatchObject({ kind: at === 0 ? 'refused' : 'done' });
    expect(await cutRow(member.source, runner, row, { at: 400, token: 2 })).toMatchObject({ kind: 'refused' });
    expect(await cutRow(member.source, runner, row, { at: 400, token: 3 })).toMatchObject({ kind: 'done' });
    expect(await readOwnership(member.source, runner, 'Topic')).toEqual([
      { ...row, upto: 400, token: 3 },
      { ...row, since: 400, watermark: 400, frontier: 400, capture: 400, token: 3 },
    ]);
  });

  it('need a connection that is in no transaction', async () => {
    const row = await member.beginMove('slot');
    await runner.startTransaction();
    await expect(member.marks.raise(runner, row, 5)).rejects.toThrow(TypeError);
    await runner.rollbackTransaction();
  });
});

describeOn(serverKinds, 'A mark that is held up', (kind) => {
  let member: FencedMember;

  beforeAll(async () => {
    member = await FencedMember.start(kind, { isArmed: false });
  }, 120_000);

  afterEach(() => member.releaseAll());
  afterAll(() => member?.stop());

  it('waits for a reader in share mode, changes nothing, and leaves the connection as it was', async () => {
    const row = await member.beginMove('slot');
    const [reader, mover] = [member.runner(), member.runner()];
    const bound = kind === 'mariadb' ? 'SELECT @@max_statement_time AS bound' : 'SHOW statement_timeout';
    const before = await mover.query(bound);
    await reader.startTransaction('READ COMMITTED');
    expect(await shareRow(reader, row)).toEqual(row);
    expect(await member.marks.raise(mover, row, 2)).toMatchObject({ kind: 'blocked' });
    expect(await member.marks.lower(mover, row, { watermark: row.since, version: 2 })).toMatchObject({ kind: 'blocked' });
    expect(await mover.query(bound)).toEqual(before);
    expect(mover.isTransactionActive).toBe(false);
    expect(await shareRow(reader, row)).toEqual(row);
    await reader.commitTransaction();
    expect(await member.marks.raise(mover, row, 2)).toMatchObject({ kind: 'done', row: { ...row, token: 2 } });
  });

  it('can be ended from a second connection, as on MySQL, which bounds no writes', async () => {
    const row = await member.beginMove('slot');
    const [reader, mover] = [member.runner(), member.runner()];
    await reader.startTransaction('READ COMMITTED');
    await shareRow(reader, row);
    const begun = performance.now();
    const update = () => mover.query('UPDATE _shard_ownership SET token = 9');
    await expect(cancelled(member.source, mover, 100, update)).rejects.toMatchObject(
      kind === 'mariadb' ? { driverError: { errno: 1317 } } : { driverError: { code: '57014' } },
    );
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(await mover.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await reader.commitTransaction();
    await cancelled(member.source, mover, 5_000, update);
  });
});
