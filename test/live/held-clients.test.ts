import { RouteLeaseError, TopologyChangedError } from '../../src';
import { HeldVersions } from '../../src/live';
import * as securing from '../../src/live/secure';
import { describeOn } from '../cluster/fixtures/describe-on';
import { databaseKinds, waitUntil } from '../database';
import { Topic } from '../reshard/move/fixtures/entities';
import { holdConnections, POOL_SIZE } from './fixtures/hold-connections';
import { type Client, ids, type Opened, STOPPED, Stage } from './fixtures/stage';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
const POOL = { poolSize: POOL_SIZE };
/** The server shall not end the connections that others wait for. */
const PATIENT = { idleTimeoutMs: 1_000_000 };

/** New rows: on s2 at first, and on s3 when all has moved. */
const [WOKEN, TRUSTING, TALKING, DEAF, BLIND] = ['1001', '1007', '1013', '1019', '1025'] as const;
/** Rows that stay where they are, and rows that move from s1 to s3. */
const [STAYS, MOVES] = ['6', '2'] as const;

describeOn(kinds, 'A client whose calls wait while a plan runs', (kind) => {
  const isGuarded = kind === 'better-sqlite3';
  let stage: Stage;
  const topics = ({ manager }: Client) => manager.getRepository(Topic);
  const shardsWith = async (id: string) => (await stage.moving.places()).get(`topic ${id}`);

  beforeAll(async () => {
    stage = await Stage.start(kind);
  }, 60_000);
  afterAll(() => stage?.stop());

  it('counts every row once, since no row moves before a count from before the plan has ended', async () => {
    // A machine that is busy shall not make them lose their leases.
    const lease = { routeLeaseMs: 20_000, ...PATIENT };
    const [client, unheld] = [await stage.alive(POOL, lease), await stage.alive(POOL, lease)];
    const gone = await stage.alive(POOL, PATIENT);
    const frees = await Promise.all([client, unheld, gone].map(({ cluster }) => holdConnections(cluster, 's1')));
    const counting = topics(client).count();
    const countingGone = topics(gone).count();
    const haveBegun = async () => [client, gone].every(({ live }) => live.held.acknowledged(Number.POSITIVE_INFINITY) < 1_000);
    await waitUntil(haveBegun, { what: 'the counts to begin' });
    gone.hearing.isDown = true;
    const holding = jest.spyOn(HeldVersions.prototype, 'hold').mockReturnValue(() => undefined);
    const countingUnheld = topics(unheld).count();
    await waitUntil(async () => holding.mock.calls.length > 0, { what: 'the other count to begin' });
    holding.mockRestore();

    const moving = stage.moveTo('commit');
    const plan = async () => (await stage.newest()).live.current.plan;
    await waitUntil(async () => (await plan())?.phase === 'announced', { what: 'the plan to be announced' });
    const { announcedVersion } = (await plan())!;
    const haveHeard = async () => [client, unheld].every(({ live }) => live.current.version >= announcedVersion);
    await waitUntil(haveHeard, { what: 'the clients to hear of the plan' });
    await frees[0]!();
    expect((await plan())?.phase).toBe('announced');
    expect(await counting).toBe(ids().length);
    await moving;
    await stage.remember('moving');
    await frees[1]!();
    expect(await countingUnheld).toBeGreaterThan(ids().length);
    // Movers did not wait for what had been silent for so long, though it has a lease again.
    gone.hearing.isDown = false;
    await waitUntil(async () => gone.live.isFresh && gone.live.current.plan?.phase === 'moving', { what: 'it to hear of the plan' });
    await frees[2]!();
    expect(await countingGone).toBe(ids().length);
  });

  describe('and goes on when it is over', () => {
    let woken: Waiting;
    let trusting: Waiting;
    let talking: Talking;
    let deaf: Client & Opened;
    let before: ReadonlyMap<string, number>;

    beforeAll(async () => {
      before = await stage.values();
      woken = await Waiting.begin(await stage.alive(POOL, PATIENT), WOKEN);
      trusting = await Waiting.begin(await stage.alive(POOL, STOPPED), TRUSTING);
      talking = await Talking.begin(await stage.alive(), TALKING);
      deaf = await stage.alive({}, { staleRetryMs: 300 });
      for (const { hearing } of [woken.client, trusting.client, deaf]) hearing.isDown = true;
      await stage.moveTo(undefined);
      for (const { hearing } of [woken.client, trusting.client]) hearing.isDown = false;
      await woken.end();
      await trusting.end();
      await talking.end();
    }, 120_000);

    it('routes anew what it had routed before, since its lease is over', async () => {
      const { insert, update, remove, find, count } = woken.calls;
      await insert;
      expect(await shardsWith(WOKEN)).toEqual(['s3']);
      expect((await update).affected).toBe(1);
      // The other client adds as much.
      expect((await stage.values()).get(MOVES)).toBe((before.get(MOVES) as number) + 2);
      await remove;
      expect(await shardsWith('5')).toBeUndefined();
      expect((await find)?.value).toBe(before.get('8'));
      expect(await count).toBeGreaterThanOrEqual(ids().length - 1);
    });

    it('would write on the wrong shard and miss rows with a lease that movers do not wait for', async () => {
      await trusting.calls.insert;
      expect(await shardsWith(TRUSTING)).toEqual([isGuarded ? 's3' : 's2']);
      expect(await trusting.calls.count).toBeLessThan(ids().length - 1);
      await stage.moving.cluster.shard('s2').dataSource.query(`DELETE FROM topic WHERE id = ${TRUSTING}`);
    });

    it('makes a transaction again that was pinned to the old owner all the time', async () => {
      expect(talking.attempts).toBe(2);
      expect(await shardsWith(TALKING)).toEqual(['s3']);
    });

    it('serves rows that stayed when it has not heard of the store since', async () => {
      const value = before.get(STAYS) as number;
      expect((await topics(deaf).findOneByOrFail({ id: STAYS })).value).toBe(value);
      expect((await topics(deaf).increment({ id: STAYS }, 'value', 1)).affected).toBe(1);
      await deaf.manager.transaction((inner) => inner.increment(Topic, { id: STAYS }, 'value', 1));
      expect((await stage.values()).get(STAYS)).toBe(value + 2);
    });

    const refused: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['an update', () => topics(deaf).increment({ id: MOVES }, 'value', 1)],
      ['a find', () => topics(deaf).findOneBy({ id: MOVES })],
      ['a delete', () => topics(deaf).delete({ id: MOVES })],
      ['an insert', () => topics(deaf).insert({ id: DEAF, value: 1 })],
      ['a save', () => topics(deaf).save({ id: DEAF, value: 1 })],
      ['an insert in a transaction', () => deaf.manager.transaction((inner) => inner.insert(Topic, { id: DEAF, value: 1 }))],
    ];

    it.each(refused)('refuses %s of a row that has moved as long as it does not hear of the store', async (_, call) => {
      await expect(call()).rejects.toBeInstanceOf(TopologyChangedError);
      expect(await shardsWith(DEAF)).toBeUndefined();
    });

    it('refuses calls to several shards as long as it does not hear of the store', async () => {
      await expect(topics(deaf).count()).rejects.toBeInstanceOf(RouteLeaseError);
      await expect(deaf.manager.withScatter({ timeoutMs: 5_000 }).count(Topic)).rejects.toBeInstanceOf(RouteLeaseError);
      await expect(deaf.manager.withScatter({ writes: 'allow' }).deleteAll(Topic)).rejects.toBeInstanceOf(RouteLeaseError);
    });

    it('would lose writes if it did not obey the shards while it does not hear of the store', async () => {
      const unlocked = jest.spyOn(securing, 'secure').mockResolvedValue(undefined);
      try {
        expect((await topics(deaf).increment({ id: MOVES }, 'value', 1)).affected).toBe(0);
        if (isGuarded) return;
        await topics(deaf).insert({ id: BLIND, value: 1 });
        expect(await shardsWith(BLIND)).toEqual(['s2']);
        await stage.moving.cluster.shard('s2').dataSource.query(`DELETE FROM topic WHERE id = ${BLIND}`);
      } finally {
        unlocked.mockRestore();
      }
    });

    it('does what it is asked for when it hears of the store again', async () => {
      deaf.hearing.isDown = false;
      expect((await topics(deaf).increment({ id: MOVES }, 'value', 1)).affected).toBe(1);
      expect(await topics(deaf).count()).toBe((await stage.values()).size);
    });
  });
});

/** Calls that are routed when nothing has moved, and wait for their connections. */
class Waiting {
  private constructor(
    readonly client: Client & Opened,
    readonly calls: ReturnType<typeof callsOf>,
    readonly frees: readonly (() => Promise<void>)[],
  ) {}

  static async begin(client: Client & Opened, id: string): Promise<Waiting> {
    const frees = await Promise.all(['s1', 's2'].map((shard) => holdConnections(client.cluster, shard)));
    return new Waiting(client, callsOf(client, id), frees);
  }

  async end(): Promise<void> {
    for (const free of this.frees) await free();
    await Promise.allSettled(Object.values(this.calls));
  }
}

function callsOf({ manager }: Client, id: string) {
  const topics = manager.getRepository(Topic);
  const calls = {
    insert: topics.insert({ id, value: 1 }),
    update: topics.increment({ id: MOVES }, 'value', 1),
    remove: topics.remove(topics.create({ id: '5' })),
    find: topics.findOneBy({ id: '8' }),
    count: topics.count(),
  };
  // They are looked at when they have ended.
  for (const call of Object.values(calls)) call.catch(() => undefined);
  return calls;
}

/** A transaction that goes on, without touching a table that moves, until the plan is over, and then inserts. */
class Talking {
  attempts = 0;
  #isOver = false;
  #work: Promise<unknown> = Promise.resolve();

  static async begin(client: Client, id: string): Promise<Talking> {
    const talking = new Talking();
    await new Promise<void>((begun) => {
      talking.#work = client.manager.forKey(Topic, id).transaction(async (inner) => {
        talking.attempts += 1;
        while (!talking.#isOver) {
          await inner.query('SELECT 1');
          begun();
          await new Promise((go) => setTimeout(go, 100));
        }
        await inner.insert(Topic, { id, value: 1 });
      });
    });
    return talking;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#work;
  }
}
