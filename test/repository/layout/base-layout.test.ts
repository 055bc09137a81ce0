import fc from 'fast-check';
import { BaseLayout, LayoutValueError, ShardKeyInvalidError, ShardsFailedError } from '../../../src';
import { sampledKinds } from '../../database';
import { openTestCluster, type TestCluster } from '../fixtures/test-cluster';
import { jsonValues, NoteLayout, UserHomeLayout } from './layouts';

const guids = (count: number, prefix = 'guid') => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

describe.each(sampledKinds)('BaseLayout on %s', (kind) => {
  let opened: TestCluster;

  beforeAll(async () => {
    opened = await openTestCluster(kind, { entities: [UserHomeLayout, NoteLayout], shards: 3 });
    BaseLayout.use(opened.cluster);
  });
  afterEach(async () => {
    for (const layout of [UserHomeLayout, NoteLayout]) await opened.cluster.getRepository(layout).clear();
  });
  afterAll(() => opened.stop());

  /** The rows of a key as they are in the databases, by shard, without the library. */
  async function rowsOf(guid: string, table = 'note_layout'): Promise<readonly { readonly shard: string; readonly value: string }[]> {
    const rows = opened.cluster.shards.map(async ({ name, dataSource }) => {
      const found = await dataSource.createQueryBuilder().select('value').from(table, 't').where('ikey = :guid', { guid }).getRawMany();
      return found.map(({ value }: { value: string }) => ({ shard: name, value }));
    });
    return (await Promise.all(rows)).flat();
  }

  /** Expects that a call is refused with an error of the class, and that no shard was sent anything. */
  async function expectRefusedUnsent(call: () => Promise<unknown>, error: new (...args: never[]) => Error): Promise<void> {
    let failure: unknown;
    const sent = await opened.log.during(() =>
      call().catch((reason: unknown) => {
        failure = reason;
      }),
    );
    expect(failure).toBeInstanceOf(error);
    expect(sent).toEqual([]);
  }

  describe('one value', () => {
    it('is read as it was set, and null where nothing was', async () => {
      await new UserHomeLayout('ada', [1, 2, 3, 4]).set();
      expect(await UserHomeLayout.get('ada')).toEqual([1, 2, 3, 4]);
      expect(await UserHomeLayout.get('bob')).toBeNull();
    });

    it('stands once, as JSON, on the shard that owns its key', async () => {
      for (const guid of guids(20)) {
        await new NoteLayout(guid, { text: 'hé' }).set();
        const { name } = opened.cluster.shardFor(NoteLayout, guid);
        expect(await rowsOf(guid)).toEqual([{ shard: name, value: '{"text":"hé"}' }]);
      }
    });

    it('is replaced by the next set', async () => {
      await new NoteLayout('ada', { a: 1, b: 2 }).set();
      await new NoteLayout('ada', { b: 3 }).set();
      expect(await NoteLayout.get('ada')).toEqual({ b: 3 });
      expect(await rowsOf('ada')).toHaveLength(1);
    });

    it('set again to the same value stays', async () => {
      for (let time = 0; time < 2; time += 1) await new NoteLayout('ada', 'same').set();
      expect(await rowsOf('ada')).toHaveLength(1);
    });

    it('is replaced by one of many that are set at once', async () => {
      await Promise.all(Array.from({ length: 10 }, (_, each) => new NoteLayout('ada', each).set()));
      expect(await rowsOf('ada')).toEqual([{ shard: expect.any(String), value: expect.stringMatching(/^\d$/) }]);
    });

    it('is deleted once, and then exists no more', async () => {
      await new UserHomeLayout('ada', []).set();
      expect(await UserHomeLayout.exists('ada')).toBe(true);
      expect(await UserHomeLayout.delete('ada')).toBe(1);
      expect(await UserHomeLayout.delete('ada')).toBe(0);
      expect(await UserHomeLayout.exists('ada')).toBe(false);
      expect(await UserHomeLayout.get('ada')).toBeNull();
    });

    it('may be null, which exists although get cannot tell it from nothing', async () => {
      await new NoteLayout('ada', null).set();
      expect(await NoteLayout.get('ada')).toBeNull();
      expect(await NoteLayout.exists('ada')).toBe(true);
      expect(await NoteLayout.getMany(['ada', 'bob'])).toEqual(new Map([['ada', null]]));
    });

    it('has nothing to do with the same key of another layout', async () => {
      await new NoteLayout('ada', 'a note').set();
      await new UserHomeLayout('ada', [1]).set();
      expect(await NoteLayout.delete('ada')).toBe(1);
      expect(await UserHomeLayout.get('ada')).toEqual([1]);
    });
  });

  describe('many values', () => {
    it('are set and read together, those without one left out', async () => {
      const values = guids(1_200).map((guid, index): [string, number[]] => [guid, [index]]);
      await UserHomeLayout.setMany(values);
      expect(await UserHomeLayout.getMany([...guids(1_200), ...guids(5, 'nobody')])).toEqual(new Map(values));
    });

    it('stand on the shards that single calls find', async () => {
      await UserHomeLayout.setMany(guids(60).map((guid, index) => [guid, [index]]));
      for (const [index, guid] of guids(60).entries()) expect(await UserHomeLayout.get(guid)).toEqual([index]);
      const perShard = opened.cluster.shards.map(({ dataSource }) => dataSource.getRepository(UserHomeLayout).count());
      const counts = await Promise.all(perShard);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(60);
      expect(Math.min(...counts)).toBeGreaterThan(0);
    });

    it('replace what is there, the last of one key winning', async () => {
      await new NoteLayout('a', 'old').set();
      await NoteLayout.setMany([['a', 1], ['b', 2], ['a', 3]]); // biome-ignore format: one line
      expect(await NoteLayout.getMany(['a', 'b'])).toEqual(new Map([['a', 3], ['b', 2]])); // biome-ignore format: one line
    });

    it('are sent in statements of limited size', async () => {
      const large = 'x'.repeat(400_000);
      const values = guids(40).map((guid) => [guid, large] as const);
      const sent = await opened.log.during(() => NoteLayout.setMany(values));
      // 16 MB in all, which one statement could not carry to MariaDB; at most two such values fit into one statement of 1 MB.
      expect(sent.length).toBeGreaterThanOrEqual(20);
      expect((await NoteLayout.getMany(guids(40))).size).toBe(40);
    });

    it('may be none', async () => {
      await NoteLayout.setMany([]);
      expect(await NoteLayout.getMany([])).toEqual(new Map());
    });

    it('are all refused, before anything is sent, when one cannot be stored', async () => {
      const values = guids(10).map((guid, index) => [guid, index === 9 ? new Date() : index] as const);
      await expectRefusedUnsent(() => NoteLayout.setMany(values), LayoutValueError);
    });

    it('name the shards that failed and those that did not', async () => {
      const [broken, ...others] = opened.cluster.shards;
      const rename = (from: string, to: string) => broken!.dataSource.query(`ALTER TABLE ${from} RENAME TO ${to}`);
      await rename('note_layout', 'note_gone');
      try {
        const values = guids(30).map((guid) => [guid, 1] as const);
        const failure = await NoteLayout.setMany(values).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(ShardsFailedError);
        const { failed, succeeded } = failure as ShardsFailedError;
        expect(failed.map(({ shard }) => shard)).toEqual([broken!.name]);
        expect([...succeeded].sort()).toEqual(others.map(({ name }) => name).sort());
        await expect(NoteLayout.getMany(guids(30))).rejects.toThrow(ShardsFailedError);
      } finally {
        await rename('note_gone', 'note_layout');
      }
    });
  });

  describe('a value that cannot be stored', () => {
    it.each<[string, unknown]>([
      ['undefined', undefined],
      ['NaN', Number.NaN],
      ['a Date', new Date()],
      ['a bigint', 1n],
      ['a function, which TypeORM would take for SQL', () => 'now()'],
    ])('is refused by set before anything is sent: %s', async (_, value) => {
      await expectRefusedUnsent(() => new NoteLayout('ada', value).set(), LayoutValueError);
    });

    it('is refused when it is larger than the column of any database', async () => {
      await expect(new NoteLayout('ada', 'x'.repeat(2 ** 24)).set()).rejects.toThrow(/at most 16777215 fit/);
    });

    it('of 4 MB is stored and read', async () => {
      const value = 'é'.repeat(2 ** 21);
      await new NoteLayout('ada', value).set();
      expect((await NoteLayout.get('ada')) === value).toBe(true);
    });
  });

  describe('a hostile key', () => {
    const keys = ["' OR 1=1 --", '"; DROP TABLE note_layout; --', '__proto__', 'constructor', 'Ada', 'ada', 'ada ', ' ada', 'ádà', '😀', '%', '_', '\\', '1', '01', '1e0', '9007199254740993', '9007199254740992', '-0', '0', 'null', '', 'x'.repeat(255)]; // biome-ignore format: a list

    it('finds its own value and no other, by every call', async () => {
      for (const key of keys) await new NoteLayout(key, { key }).set();
      for (const key of keys) expect(await NoteLayout.get(key)).toEqual({ key });
      const many = await NoteLayout.getMany(keys);
      expect([...many.keys()].sort()).toEqual([...keys].sort());
      for (const key of keys) {
        expect(many.get(key)).toEqual({ key });
        expect(await NoteLayout.delete(key)).toBe(1);
        expect(await NoteLayout.exists(key)).toBe(false);
      }
    });

    it.each<[string, unknown]>([
      ['with the character U+0000', 'a\0b'],
      ['with half of a surrogate pair', 'a\ud800'],
      ['that is a number', 1],
      ['that is NaN', Number.NaN],
      ['that is an array', ['a']],
      ['that is a Date', new Date()],
      ['that is undefined', undefined],
      ['that is null', null],
    ])('%s is refused by every call before anything is sent', async (_, key) => {
      const guid = key as string;
      const calls = [
        () => new NoteLayout(guid, 1).set(),
        () => NoteLayout.get(guid),
        () => NoteLayout.getMany([guid]),
        () => NoteLayout.setMany([[guid, 1]]),
        () => NoteLayout.exists(guid),
        () => NoteLayout.delete(guid),
      ];
      for (const call of calls) await expectRefusedUnsent(call, ShardKeyInvalidError);
    });
  });

  it('does what a Map does, whatever calls are made in whatever order', async () => {
    const key = fc.constantFrom('a', 'A', 'b', 'b ', 'é', '😀', '1', "o'clock");
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key, value: jsonValues }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('get' as const), key }),
      fc.record({ kind: fc.constant('setMany' as const), entries: fc.array(fc.tuple(key, jsonValues), { maxLength: 5 }) }),
      fc.record({ kind: fc.constant('getMany' as const), keys: fc.array(key, { maxLength: 5 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        const model = new Map<string, unknown>();
        await opened.cluster.getRepository(NoteLayout).clear();
        for (const each of steps) {
          if (each.kind === 'set') {
            await new NoteLayout(each.key, each.value).set();
            model.set(each.key, each.value);
          } else if (each.kind === 'setMany') {
            await NoteLayout.setMany(each.entries);
            for (const [name, value] of each.entries) model.set(name, value);
          } else if (each.kind === 'delete') {
            expect(await NoteLayout.delete(each.key)).toBe(model.delete(each.key) ? 1 : 0);
          } else if (each.kind === 'get') {
            expect(await NoteLayout.get(each.key)).toStrictEqual(model.get(each.key) ?? null);
            expect(await NoteLayout.exists(each.key)).toBe(model.has(each.key));
          } else {
            const wanted = each.keys.filter((name) => model.has(name)).map((name) => [name, model.get(name)] as const);
            expect(await NoteLayout.getMany(each.keys)).toStrictEqual(new Map(wanted));
          }
        }
      }),
      { numRuns: 25 },
    );
  });
});
