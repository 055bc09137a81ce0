import type { FindManyOptions } from 'typeorm';
import { sampledKinds } from '../database';
import { ARCHIVE, Folio, Reader, Remark } from './fixtures/archive';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

const HUGE = 9_007_199_254_740_000n;
const NUMBERS = Array.from({ length: 9 }, (_, number) => number);

describe.each(sampledKinds)('Relations that leave their group, by keys of every shape (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: ARCHIVE, shards: 3, ordinary: true });
    for (const archive of [test.ordinary, test.cluster]) {
      await archive.getRepository(Folio).save(NUMBERS.map((number) => ({ ...folio(number), title: `t${number}` })));
      await archive.getRepository(Reader).save(NUMBERS.map((number) => ({ card: `card${number}`, name: `n${number}` })));
      await archive.getRepository(Remark).save(NUMBERS.map(remark));
    }
  });
  afterAll(() => test?.stop());

  const folio = (number: number) => ({ shelf: `shelf ${number % 4}`, no: String(HUGE + BigInt(number % 7)) });

  function remark(number: number) {
    return {
      id: `r${number}`,
      folio: number === 2 ? null : folio((number * 2) % 9),
      readerCard: number === 4 ? null : `card${number % 3}`,
      cited: NUMBERS.slice(0, number % 4).map(folio),
      origin: { year: number, giverCard: number % 2 === 0 ? null : `card${number}` },
    };
  }

  it.each<[string, typeof Folio | typeof Reader | typeof Remark, FindManyOptions<Folio & Reader & Remark>]>([
    ['to a key of several columns', Remark, { relations: { folio: true } }],
    ['from a key of several columns', Folio, { relations: { remarks: true } }],
    ['through links, to a key of several columns', Remark, { relations: { cited: true } }],
    ['through links, from a key of several columns', Folio, { relations: { citedBy: { folio: true } } }],
    ['to a key with a transformer', Remark, { relations: { reader: true } }],
    ['from a key with a transformer', Reader, { relations: { remarks: { folio: true } } }],
    ['of an embedded object', Remark, { relations: { origin: { giver: true } } }],
    [
      'of an embedded object, with a selection',
      Remark,
      { select: { id: true, origin: { year: true, giver: { name: true } } }, relations: { origin: { giver: true } } },
    ],
  ])('are loaded as in one database: %s', async (_, target, options) => {
    const [found, expected] = await Promise.all(
      [test.cluster, test.ordinary].map((each) => each.getRepository<Folio | Reader | Remark>(target).find(options as never)),
    );

    expect(sorted(found)).toEqual(sorted(expected));
  });
});

/** Lists in the order of their contents. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, sorted((value as Record<string, unknown>)[name])]),
  );
}
