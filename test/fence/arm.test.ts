import type { QueryRunner } from 'typeorm';
import { arm, type BlockedAttempt, brokenGuards, disarm, guardState } from '../../src/fence';
import { guardsOf } from '../../src/fence/guards-of';
import { describeOn } from '../cluster/fixtures/describe-on';
import { sampledKinds, serverKinds } from '../database';
import { FencedMember } from './fixtures/fenced-member';

describe.each(sampledKinds)('Arming a member (%s)', (kind) => {
  let member: FencedMember;

  beforeAll(async () => {
    member = await FencedMember.start(kind, { isArmed: false });
  }, 120_000);

  beforeEach(() => arm(member.source, member.groups));
  afterAll(() => member?.stop());

  const state = () => guardState(member.source, member.groups);
  const drop = (name: string, table: string) =>
    member.source.query(
      `DROP TRIGGER ${member.quote(name)}${
        kind === 'postgres'
          ? ` ON ${table
              .split('.')
              .map((part) => member.quote(part))
              .join('.')}`
          : ''
      }`,
    );
  const condition = async (name: string) => (await state()).guards.find((guard) => guard.name === name)?.condition;

  it('puts a guard of this version before every kind of write on every table, and says so', async () => {
    const found = await state();
    expect(found).toMatchObject({ isArmed: true, version: 1, superfluous: [] });
    expect(new Set(found.guards.map(({ table }) => table.split('.').at(-1)))).toEqual(new Set(['item', 'topic']));
    expect(found.guards).toHaveLength(kind === 'postgres' ? 2 : 6);
    await expect(member.source.query(member.insertSql('Item', 'x', -1))).rejects.toThrow('typeorm-sharding fence');
  });

  it('may be done again, and by several at once', async () => {
    const before = await state();
    expect(await arm(member.source, member.groups)).toEqual(before);
    await disarm(member.source, member.groups);
    await Promise.all([1, 2, 3].map(() => arm(member.source, member.groups)));
    expect(await state()).toEqual(before);
  });

  it('is undone without a trace', async () => {
    await disarm(member.source, member.groups);
    const found = await state();
    expect(found.isArmed).toBe(false);
    expect(found.guards.every((guard) => guard.condition === 'missing')).toBe(true);
    await disarm(member.source, member.groups);
    if (kind === 'postgres')
      expect(await member.source.query("SELECT proname FROM pg_proc WHERE proname LIKE '%shard_guard%'")).toEqual([]);
  });

  it('notices a trigger that was dropped, and puts it back', async () => {
    const [guard] = (await state()).guards;
    await drop(guard!.name, guard!.table);
    expect(await state()).toMatchObject({ isArmed: false });
    expect(await condition(guard!.name)).toBe('missing');
    expect(await arm(member.source, member.groups)).toMatchObject({ isArmed: true });
  });

  it('notices a trigger with another text, and replaces it', async () => {
    const [guard] = guardsOf(member.source, member.groups);
    await drop(guard!.name, guard!.table.path);
    for (const statement of guard!.create)
      await member.source.query(statement.replace('fence: the row is being moved', 'fence: the row has moved'));
    expect(await condition(guard!.name)).toBe('altered');
    expect(await arm(member.source, member.groups)).toMatchObject({ isArmed: true });
  });

  it('notices that its triggers went along when a table was renamed and another took its place, and makes them there', async () => {
    const { source } = member;
    await source.query('ALTER TABLE item RENAME TO item_before');
    const columns = `${member.quote('id')}, ${member.quote('owner')}, ${member.quote('value')}, ${member.quote('_shard_position')}`;
    await source.query(`CREATE TABLE item AS SELECT ${columns} FROM item_before`);
    const runner = member.runner();
    const broken = [expect.stringMatching(/^item \((missing|altered)\)$/)];
    try {
      expect(await brokenGuards(source, runner, member.groups)).toEqual(broken);
      await runner.startTransaction();
      await runner.query('SELECT COUNT(*) FROM item');
      expect(await brokenGuards(source, runner, member.groups)).toEqual(broken);
      await runner.commitTransaction();
      expect(await arm(source, member.groups)).toMatchObject({ isArmed: true });
      await runner.startTransaction();
      await runner.query('SELECT COUNT(*) FROM item');
      expect(await brokenGuards(source, runner, member.groups)).toEqual([]);
      await runner.commitTransaction();
    } finally {
      await source.query('DROP TABLE item');
      await source.query('ALTER TABLE item_before RENAME TO item');
    }
    expect(await arm(source, member.groups)).toMatchObject({ isArmed: true });
  });

  it('replaces guards of another version', async () => {
    const [guard] = guardsOf(member.source, member.groups);
    const older = `${guard!.name.slice(0, 20)}_older`;
    const create = guard!.create.map((statement) => statement.replaceAll(guard!.name, older));
    for (const statement of create) await member.source.query(statement);
    expect((await state()).superfluous).toEqual([{ name: older, table: guard!.table.path }]);
    expect(await arm(member.source, member.groups)).toMatchObject({ isArmed: true, superfluous: [] });
    for (const statement of create) await member.source.query(statement);
    await disarm(member.source, member.groups);
    expect((await state()).superfluous).toEqual([]);
  });

  if (kind === 'postgres') {
    it('notices a trigger that PostgreSQL was told not to fire', async () => {
      const [guard] = (await state()).guards;
      await member.source.query(`ALTER TABLE item DISABLE TRIGGER ${member.quote(guard!.name)}`);
      expect(await condition(guard!.name)).toBe('disabled');
      expect(await arm(member.source, member.groups)).toMatchObject({ isArmed: true });
    });
  }
});

describeOn(serverKinds, 'Arming a member behind an open transaction', (kind) => {
  let member: FencedMember;
  let other: QueryRunner;

  beforeAll(async () => {
    member = await FencedMember.start(kind, { isArmed: false });
  }, 120_000);

  beforeEach(async () => {
    await disarm(member.source, member.groups);
    await member.clearRows();
    other = member.runner();
    // A reader is in the way on MariaDB, a writer on PostgreSQL.
    await other.startTransaction();
    await other.query(kind === 'mariadb' ? 'SELECT * FROM item' : "UPDATE item SET value = 2 WHERE id = 'none'");
  });

  afterEach(() => member.releaseAll());
  afterAll(() => member?.stop());

  it('says who is in the way, holds up others for a moment only, and succeeds when it is gone', async () => {
    const attempts: BlockedAttempt[] = [];
    const third = member.runner();
    let longestMs = 0;
    const onBlocked = (attempt: BlockedAttempt) => {
      attempts.push(attempt);
    };
    const arming = arm(member.source, member.groups, { onBlocked });
    for (let read = 0; read < 30; read += 1) {
      const begun = performance.now();
      await third.query(kind === 'mariadb' ? 'SELECT COUNT(*) FROM item' : "UPDATE item SET value = 2 WHERE id = 'none'");
      longestMs = Math.max(longestMs, performance.now() - begun);
      if (attempts.length >= 3) break;
      await new Promise((done) => setTimeout(done, 30));
    }
    expect(attempts.length).toBeGreaterThanOrEqual(2);
    const id = kind === 'mariadb' ? 'SELECT CONNECTION_ID() AS id' : 'SELECT pg_backend_pid() AS id';
    const [{ id: session }] = await other.query(id);
    expect(attempts[0]).toMatchObject({ shard: 's1', table: expect.stringMatching(/item$/), attempt: 1 });
    expect(attempts[0]!.blockers.map((each) => each.session)).toContain(String(session));
    expect(JSON.stringify(attempts)).not.toContain('none');
    expect(longestMs).toBeLessThan(500);
    await other.commitTransaction();
    expect(await arming).toMatchObject({ isArmed: true });
  });

  it('gives up when it is told to, naming who was in the way', async () => {
    const end = new AbortController();
    const arming = arm(member.source, member.groups, { signal: end.signal, onBlocked: ({ attempt }) => attempt === 2 && end.abort() });
    await expect(arming).rejects.toMatchObject({
      code: 'ERR_FENCE_BLOCKED',
      shard: 's1',
      subject: expect.stringMatching(/^the triggers of .*item$/),
      retryable: true,
      cause: expect.objectContaining({ name: 'AbortError' }),
      blockers: [expect.objectContaining({ openMs: expect.any(Number) })],
    });
    await other.commitTransaction();
  });

  it('disarms as carefully', async () => {
    await other.commitTransaction();
    await arm(member.source, member.groups);
    await other.startTransaction();
    await other.query(kind === 'mariadb' ? 'SELECT * FROM item' : "UPDATE item SET value = 2 WHERE id = 'none'");
    const attempts: BlockedAttempt[] = [];
    const disarming = disarm(member.source, member.groups, {
      onBlocked: (attempt) => {
        attempts.push(attempt);
        if (attempts.length === 2) void other.commitTransaction();
      },
    });
    await disarming;
    expect(attempts.length).toBeGreaterThanOrEqual(2);
    expect((await guardState(member.source, member.groups)).guards.every(({ condition }) => condition === 'missing')).toBe(true);
  });
});
