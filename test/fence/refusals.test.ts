import { QueryFailedError } from 'typeorm';
import { ShardError } from '../../src';
import { fenceRefusalOf, isFenceRefusal, NONE } from '../../src/fence';
import { sampledKinds } from '../database';
import { Topic } from './fixtures/entities';
import { FencedMember, type LookUp, lookUps, movingRow } from './fixtures/fenced-member';

describe.each(sampledKinds)('A refusal of the fence (%s)', (kind) => {
  let member: FencedMember;

  beforeAll(async () => {
    member = await FencedMember.start(kind, { more: { resharding: { staleRetryMs: 500 } } });
  }, 120_000);

  beforeEach(() => member.clearRows());
  afterAll(() => member?.stop());

  const thrown = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  /** Makes every position of the entity's group belong to nobody here. */
  const giveAway = async (lookUp: LookUp) => {
    const row = { ...movingRow(lookUp, member.shard), oldRule: NONE, newRule: NONE };
    const whole = { since: Number.NEGATIVE_INFINITY, upto: Number.POSITIVE_INFINITY };
    const marks = { watermark: whole.since, frontier: whole.since, capture: whole.since };
    await member.replaceRows(member.runner(), row.group, [lookUp === 'slot' ? row : { ...row, ...whole, ...marks }]);
  };

  it('is recognised through the repositories of a cluster, whatever they send', async () => {
    const topics = member.cluster.getRepository(Topic);
    await topics.insert({ id: '7', value: 1 });
    await giveAway('range');
    const calls = [
      topics.insert({ id: '8', value: 1 }),
      topics.save({ id: '8', value: 1 }),
      topics.save({ id: '7', value: 2 }),
      topics.upsert({ id: '7', value: 2 }, ['id']),
      topics.update({ id: '7' }, { value: 2 }),
      topics.increment({ id: '7' }, 'value', 1),
      topics.delete({ id: '7' }),
      topics.createQueryBuilder().insert().values({ id: '8', value: 1 }).orIgnore().execute(),
      member.cluster.transaction((manager) => manager.getRepository(Topic).insert({ id: '9', value: 1 })),
    ];
    for (const error of await Promise.all(calls.map(thrown))) {
      expect(error).toBeInstanceOf(Error);
      expect(fenceRefusalOf(error)).toBe('elsewhere');
      expect(isFenceRefusal(error)).toBe(true);
    }
    expect(await topics.countBy({ id: '7', value: 1 })).toBe(1);
    expect(await topics.count()).toBe(1);
  });

  it.each(lookUps)('of an insert of many rows leaves none of them (rows found by %s)', async (lookUp) => {
    const row = await member.beginMove(lookUp);
    await member.marks.freeze(member.runner(), row, { token: 1, watermark: row.upto, frontier: Number(row.since) + 50 });
    const [first, ...rest] = [10, 11, 60, 12].map((at) => member.insertSql(row.group, `x${at}`, Number(row.since) + at));
    const many = [first, ...rest.map((each) => each.slice(each.indexOf('VALUES') + 'VALUES'.length))].join(', ');
    expect(fenceRefusalOf(await thrown(member.source.query(many)))).toBe('frozen');
    expect(await member.countRows(row.group)).toBe(0);
  });

  it('is recognised as TypeORM, the driver and the library throw it, and through causes', async () => {
    await giveAway('range');
    const error = (await thrown(member.source.query(member.insertSql('Topic', '', 5)))) as QueryFailedError;
    expect(error).toBeInstanceOf(QueryFailedError);
    for (const each of [
      error,
      error.driverError,
      new ShardError('s1', undefined, { cause: error }),
      new Error('x', { cause: error.driverError }),
    ]) {
      expect(fenceRefusalOf(each)).toBe('elsewhere');
    }
  });

  it('is told from every other error', async () => {
    const item = { id: 'a', owner: 'ada', value: 1 };
    await member.source.query('DELETE FROM item');
    const runner = member.runner();
    const row = movingRow('slot', member.shard);
    await runner.query(member.insertSql('Item', 'a', Number(row.since)));
    const duplicate = await thrown(runner.query(member.insertSql('Item', 'a', Number(row.since))));
    const missing = await thrown(member.source.query('SELECT * FROM nothing'));
    const looped = new Error('loop');
    looped.cause = looped;
    for (const error of [duplicate, missing, looped, new Error('typeorm-sharding fence'), undefined, null, 'text', item]) {
      expect(fenceRefusalOf(error)).toBeUndefined();
    }
    expect(duplicate).toBeInstanceOf(QueryFailedError);
  });
});
