import * as fc from 'fast-check';
import { In, type Repository } from 'typeorm';
import { ShardKeyInvalidError } from '../../src';
import { sampledKinds } from '../database';
import { casesOf } from '../long-run';
import { Document, Tag } from './fixtures/hostile-entities';
import { Coin } from './fixtures/key-entities';
import { expectedPosition, storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

const RUNS = casesOf({ short: 90, long: 220 });

/** Characters that databases fold, pad, escape, ignore or end strings at. */
const TRICKY = [
  'a',
  'A',
  'ä',
  'Ä',
  'a\u0308',
  'ß',
  'ss',
  'ı',
  'İ',
  'i',
  ' ',
  '\t',
  '\n',
  '\0',
  "'",
  '"',
  '\\',
  '%',
  '_',
  '`',
  '?',
  '$1',
  ':x',
  '😀',
  '\u200b',
  '\u00a0',
];

const FIXED = [
  "' OR 1=1 --",
  "'; DROP TABLE tag; --",
  '__proto__',
  'constructor',
  'toString',
  '',
  ' ',
  'null',
  'undefined',
  'NaN',
  '-0',
  '0',
  '00',
  '1e3',
];
const MORE = [
  '9007199254740993',
  '9007199254740992',
  '18446744073709551616',
  'a\0b',
  '\ud800',
  '\udc00\ud800',
  '😀'.repeat(100),
  'x'.repeat(190),
  'x'.repeat(191),
];

const hostileText = fc.oneof(
  fc.constantFrom(...FIXED, ...MORE),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 15 }),
  fc.string({ unit: fc.constantFrom(...TRICKY), maxLength: 6 }),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 65n }).map(String),
);

/** Texts that a database might hold for the same as `text`. */
function withNeighbours(text: string): readonly string[] {
  const changed = [
    text.toUpperCase(),
    text.toLowerCase(),
    `${text} `,
    ` ${text}`,
    text.trim(),
    text.normalize('NFD'),
    text.normalize('NFC'),
    `${text}\t`,
  ];
  return [...new Set([text, ...changed])];
}

describe.each(sampledKinds)('Hostile keys (%s)', (kind) => {
  let test: TestCluster;
  let tags: Repository<Tag>;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Tag, Document, Coin], shards: 3 });
    tags = test.cluster.getRepository(Tag);
  });
  afterAll(() => test?.stop());

  /** Writes on one of the paths. @returns Whether the key was taken; one that is refused must have sent nothing. */
  async function isTaken(text: string, mark: number): Promise<boolean> {
    const paths = [() => tags.insert({ text, mark }), () => tags.save({ text, mark }), () => tags.upsert({ text, mark }, ['text'])];
    let refused = false;
    const sent = await test.log.during(async () => {
      await paths[mark % paths.length]!().catch((error: unknown) => {
        expect(error).toBeInstanceOf(ShardKeyInvalidError);
        refused = true;
      });
    });
    if (!refused) return true;
    expect(sent).toEqual([]);
    await expectRefused(text);
    return false;
  }

  async function expectRefused(text: string): Promise<void> {
    const calls = [
      () => tags.save({ text, mark: 0 }),
      () => tags.insert({ text, mark: 0 }),
      () => tags.upsert({ text, mark: 0 }, ['text']),
      () => tags.findOneBy({ text }),
      () => tags.findBy({ text: In(['sound', text]) }),
      () => tags.update({ text }, { mark: 0 }),
      () => tags.delete(text),
    ];
    const sent = await test.log.during(async () => {
      for (const call of calls) await expect(call()).rejects.toThrow(ShardKeyInvalidError);
    });
    expect(sent).toEqual([]);
  }

  async function expectFoundOnlyByItself(texts: readonly string[]): Promise<void> {
    for (const [mark, text] of texts.entries()) {
      expect(await tags.findOneBy({ text })).toEqual({ text, mark });
      expect(await tags.find({ where: { text: In([text]) } })).toEqual([{ text, mark }]);
      expect((await tags.update({ text }, { mark })).affected).toBe(1);
    }
    const found = await tags.findBy({ text: In([...texts]) });
    expect(found.map(({ mark }) => mark).sort((a, b) => a - b)).toEqual(texts.map((_, mark) => mark));
  }

  it('are found by themselves and by no other on every path, or refused before any statement', async () => {
    const property = fc.asyncProperty(hostileText, async (text) => {
      const taken: string[] = [];
      for (const each of withNeighbours(text)) if (await isTaken(each, taken.length)) taken.push(each);
      await expectFoundOnlyByItself(taken);
      const rows = await storedRows(test.cluster, Tag);
      expect(rows.every(({ row }) => String(row._shard_position) === expectedPosition(String(row.text)))).toBe(true);
      expect(rows.every(({ shard, row }) => shard === test.cluster.shardFor(Tag, String(row.text)).name)).toBe(true);
      for (const each of taken) expect((await tags.delete({ text: each })).affected).toBe(1);
      expect(await tags.count()).toBe(0);
    });

    await fc.assert(property, { numRuns: RUNS, seed: 20_260_101, examples: [...FIXED, ...MORE].map((text) => [text]) });
  }, 180_000);

  it('of ten kilobytes are found where the column holds them', async () => {
    const documents = test.cluster.getRepository(Document);
    const texts = ['x'.repeat(10_240), `${'x'.repeat(10_239)}y`, `${'x'.repeat(10_240)} `, '😀'.repeat(2_560), "' OR 1=1 --".repeat(900)];
    await documents.save(texts.map((text, id) => ({ id, text })));

    for (const [id, text] of texts.entries()) {
      expect((await documents.findBy({ text })).map((found) => found.id)).toEqual([id]);
      expect((await documents.update({ text }, { id })).affected).toBe(1);
    }
    for (const text of texts) expect((await documents.delete({ text })).affected).toBe(1);
    expect(await documents.count()).toBe(0);
  });

  it('of mixed types are refused before any statement', async () => {
    const sent = await test.log.during(async () => {
      for (const value of [7, -0, 7n, true, new Date(), ['a'], { text: 'a' }, Symbol('a'), () => 'a', Buffer.from('a')]) {
        await expect(tags.findBy({ text: In(['a', value as never]) })).rejects.toThrow();
        await expect(
          tags.insert([
            { text: 'a', mark: 1 },
            { text: value as never, mark: 1 },
          ]),
        ).rejects.toThrow(ShardKeyInvalidError);
        await expect(
          tags.save([
            { text: 'a', mark: 1 },
            { text: value as never, mark: 1 },
          ]),
        ).rejects.toThrow(ShardKeyInvalidError);
        expect(() => test.cluster.shardFor(Tag, ['a', value] as never)).toThrow(ShardKeyInvalidError);
        expect(() => test.cluster.shardFor(Tag, [value] as never)).toThrow(ShardKeyInvalidError);
        expect(() => test.cluster.shardFor(Tag, { text: value } as never)).toThrow(ShardKeyInvalidError);
      }
    });

    expect(sent).toEqual([]);
  });

  it('of integers route the same in every spelling, or are refused before any statement', async () => {
    const coins = test.cluster.getRepository(Coin);
    const integer = fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.constantFrom(0n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n)),
    );
    await fc.assert(
      fc.asyncProperty(integer, async (serial) => {
        const spellings = [
          String(serial),
          serial,
          String(serial).replace(/^(-?)/, '$10'),
          ...(Number.isSafeInteger(Number(serial)) ? [Number(serial)] : []),
        ];
        await coins.insert({ serial: String(serial), value: 1 });
        for (const spelling of spellings) expect(test.cluster.shardFor(Coin, spelling)).toBe(test.cluster.shardFor(Coin, serial));
        expect(await coins.countBy({ serial: String(serial) })).toBe(1);
        expect(await coins.countBy({ serial: String(serial === 2n ** 63n - 1n ? serial - 1n : serial + 1n) })).toBe(0);
        expect((await coins.update({ serial: String(serial) }, { value: 2 })).affected).toBe(1);
        expect((await coins.delete({ serial: String(serial) })).affected).toBe(1);
      }),
      { numRuns: 60, seed: 20_260_101 },
    );
    await coins.insert({ serial: '0', value: 1 });
    for (const zero of ['-0', '00', -0, 0]) expect(await coins.countBy({ serial: zero as never })).toBe(1);
    const sent = await test.log.during(async () => {
      for (const value of ['', ' 7', '7 ', '0x10', '1e3', '٣', '1_000', Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 53]) {
        await expect(coins.insert({ serial: value as never, value: 1 })).rejects.toThrow(ShardKeyInvalidError);
        await expect(coins.findOneBy({ serial: value as never })).rejects.toThrow(ShardKeyInvalidError);
      }
    });
    expect(sent).toEqual([]);
  }, 120_000);
});
