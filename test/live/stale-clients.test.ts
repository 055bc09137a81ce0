import { In } from 'typeorm';
import { TopologyChangedError } from '../../src';
import { fenceRefusalOf, OwnershipMarks } from '../../src/fence';
import * as foreign from '../../src/live/foreign-stretches';
import * as rowOwner from '../../src/live/row-owner';
import * as securing from '../../src/live/secure';
import * as staleness from '../../src/live/staleness';
import { describeOn } from '../cluster/fixtures/describe-on';
import { databaseKinds, waitUntil } from '../database';
import { Topic } from '../reshard/move/fixtures/entities';
import { type Client, ids, Stage } from './fixtures/stage';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');

/** What keeps a client right, and how it is taken away. */
const DEFENCES = {
  masks: () => jest.spyOn(foreign, 'foreignStretches').mockReturnValue([]),
  'the look at ownership': () => jest.spyOn(rowOwner, 'isOwner').mockReturnValue(true),
  'ownership locks': () => jest.spyOn(securing, 'secure').mockResolvedValue(undefined),
  retries: () => jest.spyOn(staleness, 'isStale').mockReturnValue(false),
  lowering: () => jest.spyOn(OwnershipMarks.prototype, 'lower').mockResolvedValue({ kind: 'refused', row: undefined }),
};

/** Takes a defence away for the time of some work. */
async function without<T>(defence: keyof typeof DEFENCES, work: () => Promise<T>): Promise<T> {
  const gone = DEFENCES[defence]();
  try {
    return await work();
  } finally {
    gone.mockRestore();
  }
}

describeOn(kinds, 'A client that was stopped while rows moved', (kind) => {
  let stage: Stage;
  const topics = ({ manager }: Client) => manager.getRepository(Topic);
  const storedValue = async (id: string) => (await stage.values()).get(id);

  beforeAll(async () => {
    stage = await Stage.start(kind);
  }, 60_000);
  afterAll(() => stage?.stop());

  /** Reads of several shards. */
  const wholeReads = async (client: Client) => ({
    count: await topics(client).count(),
    found: (await topics(client).find()).length,
    page: (await topics(client).find({ order: { value: 'ASC', id: 'ASC' }, skip: 5, take: 20 })).map(({ value }) => Number(value)),
    sum: Number(await topics(client).sum('value')),
    grouped: Number((await topics(client).createQueryBuilder('t').select('COUNT(*)', 'n').getRawOne<{ n: string }>())?.n),
  });

  /** What one database would answer. */
  const exact = async () => {
    const values = [...(await stage.values()).values()].sort((a, b) => a - b);
    const sum = values.reduce((total, each) => total + each, 0);
    return { count: values.length, found: values.length, page: values.slice(5, 25), sum, grouped: values.length };
  };

  const readsWholeAndOnce = () =>
    it('reads every row once over several shards, which without its masks it would not', async () => {
      const { count: rows, ...values } = await exact();
      // What was written since it was stopped it may not see.
      expect(await wholeReads(await stage.stopped())).toMatchObject({ count: rows, found: rows, grouped: rows });
      expect(await wholeReads(await stage.newest())).toEqual({ count: rows, ...values });
      const unmasked = await stage.stopped();
      const { count } = await without('masks', () => wholeReads(unmasked));
      expect(count).toBeGreaterThan((await exact()).count);
    });

  const addsOnEveryRowOnce = () =>
    it('adds to every row once by a write over several shards', async () => {
      const before = await stage.values();
      const client = await stage.stopped();
      const { affected } = await client.manager.withScatter({ writes: 'allow' }).updateAll(Topic, { value: () => 'value + 1000' });
      expect(affected).toBe(before.size);
      expect(await stage.values()).toEqual(new Map([...before].map(([id, value]) => [id, value + 1000])));
    });

  describe('while a chunk is frozen and copied, and not committed', () => {
    beforeAll(async () => {
      await stage.moveTo('commit');
      await stage.remember('moving');
    }, 60_000);

    readsWholeAndOnce();

    it('reads what is frozen from its old owner', async () => {
      const client = await stage.stopped();
      const found = await topics(client).findOneByOrFail({ id: (await stage.frozen())[0] as string });
      expect(found.value).toBe(await storedValue(String(found.id)));
    });

    it('fails with the refusal of the guard when it does not try again', async () => {
      const client = await stage.stopped();
      const [id] = await stage.frozen();
      const failed = await without('retries', () => topics(client).increment({ id: id as string }, 'value', 1)).catch(
        (error: unknown) => error,
      );
      if (kind === 'better-sqlite3') expect(failed).toBeInstanceOf(TopologyChangedError);
      else expect(fenceRefusalOf(failed)).toBe('frozen');
    });

    it('locks no row that is frozen, though it reads it', async () => {
      const client = await stage.stopped('moving', { staleRetryMs: 300 });
      const [id] = (await stage.frozen()) as [string];
      const read = (lock: object) =>
        client.manager.forKey(Topic, id).transaction((inner) => inner.findOneOrFail(Topic, { where: { id }, ...lock }));
      expect((await read({})).value).toBe(await storedValue(id));
      if (kind === 'better-sqlite3') return;
      await expect(read({ lock: { mode: 'pessimistic_write' } })).rejects.toBeInstanceOf(TopologyChangedError);
    });

    it('writes nothing over several shards, and says so', async () => {
      const before = await stage.values();
      const client = await stage.stopped('moving', { staleRetryMs: 300 });
      const writing = client.manager.withScatter({ writes: 'allow' }).updateAll(Topic, { value: () => 'value + 1000' });
      await expect(writing).rejects.toBeInstanceOf(TopologyChangedError);
      expect(await stage.values()).toEqual(before);
    });

    it('waits with a write until it is owned again, and opens it itself when its mover died right after the commit', async () => {
      const client = await stage.stopped();
      const [id] = await stage.frozen();
      const before = (await storedValue(id as string)) as number;
      const asked = jest.spyOn(staleness, 'isStale');
      const writing = topics(client).increment({ id: id as string }, 'value', 7);
      await waitUntil(async () => asked.mock.results.some(({ value }) => value === true), { what: 'the write to be refused' });
      asked.mockRestore();
      await stage.moveTo('committed');
      await writing;
      expect(await storedValue(id as string)).toBe(before + 7);
    });
  });

  describe('when a chunk is committed and its shards do not know', () => {
    beforeAll(() => stage.moveTo('committed'), 60_000);

    readsWholeAndOnce();

    it('writes at the first position that is committed and at the last that is not', async () => {
      const { rows } = (await stage.newest()).live.current.plan!.moves.get('Topic')!;
      const [begun] = rows.filter(({ watermark, upto }) => watermark < upto);
      for (const id of [Number(begun?.watermark), Number(begun?.watermark) - 1].map(String)) {
        const before = (await storedValue(id)) as number;
        await topics(await stage.stopped()).increment({ id }, 'value', 1);
        expect(await storedValue(id)).toBe(before + 1);
      }
    });

    it('is refused for as long as nobody brings the shards down to the commit', async () => {
      const client = await stage.stopped('moving', { staleRetryMs: 300 });
      const [id] = await stage.frozen();
      const writing = () => topics(client).increment({ id: id as string }, 'value', 1);
      await without('lowering', () => expect(writing()).rejects.toBeInstanceOf(TopologyChangedError));
      const before = (await storedValue(id as string)) as number;
      await writing();
      expect(await storedValue(id as string)).toBe(before + 1);
    });
  });

  describe('when all has moved, and nothing is deleted from where it was', () => {
    beforeAll(() => stage.moveTo('clean'), 60_000);

    readsWholeAndOnce();
    addsOnEveryRowOnce();

    it('writes on the new owner, and would be refused by the old one if it did not try again', async () => {
      const client = await stage.stopped();
      const [id, other] = (await stage.moved(client)) as [string, string];
      const before = (await storedValue(id)) as number;
      await topics(client).increment({ id }, 'value', 3);
      expect(await storedValue(id)).toBe(before + 3);
      const stubborn = await stage.stopped();
      await without('retries', () => expect(topics(stubborn).increment({ id: other }, 'value', 1)).rejects.toThrow());
    });

    it('saves a value that the old copy has already, which without locks would be lost', async () => {
      const client = await stage.stopped();
      const [id, other] = (await stage.moved(client)) as [string, string];
      const save = async (each: string, by: Client) => {
        const old = await topics(by).findOneByOrFail({ id: each });
        await topics(await stage.newest()).update({ id: each }, { value: old.value + 50 });
        await topics(by).save(old);
        return (await storedValue(each)) === old.value;
      };
      expect(await save(id, client)).toBe(true);
      const unlocked = await stage.stopped();
      await without('ownership locks', async () => expect(await save(other, unlocked)).toBe(false));
    });

    it('finds the first and the last position of every row of the plan where they are', async () => {
      const client = await stage.stopped();
      const { rows } = client.live.current.plan!.moves.get('Topic')!;
      const borders = new Set(rows.flatMap(({ since, upto }) => [Number(since), Number(upto) - 1].map(String)));
      const there = ids().filter((id) => borders.has(id));
      expect(there.length).toBeGreaterThan(1);
      const before = await stage.values();
      for (const id of there) await topics(await stage.stopped()).increment({ id }, 'value', 1);
      const after = await stage.values();
      for (const id of there) expect([id, after.get(id)]).toEqual([id, before.get(id)! + 1]);
    });

    it('writes nothing over several shards when one of them fails, and says so', async () => {
      const before = await stage.values();
      const scatter = (await stage.newest()).manager.withScatter({ writes: 'allow' });
      const value = () => 'CASE WHEN id = 2 THEN NULL ELSE value + 1 END';
      const failed = await scatter.updateAll(Topic, { value }).catch((error: unknown) => error);
      expect(failed).toMatchObject({ failed: [{ shard: 's3' }], succeeded: [] });
      expect(await stage.values()).toEqual(before);
    });

    if (kind === 'better-sqlite3') {
      it('takes no old copy for the answer when it was stopped between its check and the statement', async () => {
        const client = await stage.stopped();
        const [id] = (await stage.moved(client)) as [string];
        await topics(await stage.newest()).increment({ id }, 'value', 30_000);
        let stoppedMs = 0;
        const clock = performance.now.bind(performance);
        const now = jest.spyOn(performance, 'now').mockImplementation(() => clock() + stoppedMs);
        const { logger } = client.live.core.ownerOfKey(Topic, id).dataSource;
        // Told right before a statement is run. It was prepared before, so that its connection is not asked for again.
        const telling = jest.spyOn(logger, 'logQuery').mockImplementation(() => {
          stoppedMs = 700_000;
        });
        try {
          expect((await topics(client).findOneByOrFail({ id })).value).toBe(await storedValue(id));
          expect(telling).toHaveBeenCalled();
        } finally {
          now.mockRestore();
          telling.mockRestore();
        }
      });
    }

    it('locks no row where it was', async () => {
      const lock = kind === 'better-sqlite3' ? {} : { lock: { mode: 'pessimistic_write' as const } };
      const read = (by: Client, id: string) =>
        by.manager.forKey(Topic, id).transaction(async (inner) => (await inner.findOneOrFail(Topic, { where: { id }, ...lock })).value);
      const client = await stage.stopped();
      const [id] = (await stage.moved(client)) as [string];
      await topics(await stage.newest()).increment({ id }, 'value', 20_000);
      expect(await read(client, id)).toBe(await storedValue(id));
      const unlocked = await stage.stopped();
      await without('ownership locks', async () => expect(await read(unlocked, id)).not.toBe(await storedValue(id)));
    });
  });

  const meetsWhatHasMoved = (isAll: boolean) => {
    /** Each with what it tells of whether it met its row. */
    const CALLS: readonly (readonly [string, (client: Client, id: string) => Promise<boolean>])[] = [
      ['an update', async (client, id) => (await topics(client).update({ id }, { value: () => 'value + 1' })).affected === 1],
      ['a delete', async (client, id) => (await topics(client).delete({ id })).affected === 1],
      ['a find', async (client, id) => (await topics(client).findBy({ id })).length === 1],
      ['a find of one', async (client, id) => (await topics(client).findOneBy({ id })) !== null],
      ['a question whether it exists', async (client, id) => topics(client).existsBy({ id })],
      ['a count', async (client, id) => (await topics(client).countBy({ id })) === 1],
      [
        'a find in a transaction',
        (client, id) => client.manager.transaction(async (inner) => (await inner.findOneBy(Topic, { id })) !== null),
      ],
    ];

    it.each(isAll ? CALLS : CALLS.slice(0, 1))(
      'meets a row that has moved by %s, which without a look at ownership it would miss',
      async (name, call) => {
        const [client, blind] = [await stage.stopped(), await stage.stopped()];
        const [id, other] = (await stage.moved(client)).slice(name === 'a delete' ? -2 : 0) as [string, string];
        expect(await call(client, id)).toBe(true);
        await without('the look at ownership', async () => expect(await call(blind, other)).toBe(false));
        if (name === 'a delete') await topics(await stage.newest()).insert({ id, value: 0 });
      },
    );

    addsOnEveryRowOnce();

    it('would miss rows by a write over several shards without locking their ownership', async () => {
      const before = await stage.values();
      const client = await stage.stopped();
      const scatter = client.manager.withScatter({ writes: 'allow' });
      const { affected } = await without('ownership locks', () => scatter.updateAll(Topic, { value: () => 'value + 0' }));
      expect(affected).toBeLessThan(before.size);
    });

    it('updates several keys at once, each on its owner', async () => {
      const client = await stage.stopped();
      const some = (await stage.moved(client)).slice(0, 6);
      const before = await stage.values();
      expect((await topics(client).update({ id: In(some) }, { value: () => 'value + 5' })).affected).toBe(some.length);
      for (const id of some) expect(await storedValue(id)).toBe((before.get(id) as number) + 5);
    });
  };

  describe('when what has moved is deleted from where it was', () => {
    beforeAll(() => stage.moveTo('settle'), 60_000);
    meetsWhatHasMoved(true);
  });

  describe('when the rows of ownership have come to rest', () => {
    beforeAll(() => stage.moveTo('narrow'), 60_000);
    meetsWhatHasMoved(false);
  });

  it('leaves every row where it belongs in the end', async () => {
    await stage.moveTo(undefined);
    expect(await stage.moving.faults(ids().length)).toEqual([]);
  });
});
