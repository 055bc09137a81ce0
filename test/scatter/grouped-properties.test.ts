import fc from 'fast-check';
import type { ObjectLiteral } from 'typeorm';
import { sampledKinds } from '../database';
import { buildQuery, type RandomQuery, randomQueries, randomRows } from './fixtures/grouped-arbitraries';
import { type GroupedCluster, openGroupedCluster } from './fixtures/grouped-cluster';

const dataSets = 60;
const queriesEach = 6;

describe.each(sampledKinds)('A random grouped query over random rows (%s)', (kind) => {
  let on: GroupedCluster;

  beforeAll(async () => {
    on = await openGroupedCluster(kind);
  });
  afterAll(() => on?.test.stop());

  it('is answered as by one database', async () => {
    let compared = 0;
    const queries = fc.array(randomQueries(kind), { minLength: queriesEach, maxLength: queriesEach });
    const property = fc.asyncProperty(randomRows(on.shops), queries, async (rows, drawn) => {
      await on.fill(rows);
      for (const query of drawn) {
        const [actual, expected] = [
          await on.grouped((builder) => buildQuery(builder, query)),
          await on.expected((builder) => buildQuery(builder, query)),
        ];
        expect({ query, rows: comparable(query, actual) }).toEqual({ query, rows: comparable(query, expected) });
        compared += 1;
      }
    });
    await fc.assert(property, {
      numRuns: dataSets,
    });

    expect(compared).toBeGreaterThanOrEqual(300);
  }, 300_000);
});

/** Which of the keys that a collation holds equal is shown is open, so these are compared as the collation does. */
function comparable(query: RandomQuery, rows: readonly ObjectLiteral[]): readonly ObjectLiteral[] {
  const folded = rows.map((row) => Object.fromEntries(Object.entries(row).map(([alias, value]) => [alias, shown(query, alias, value)])));
  return query.orderBy ? folded : folded.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

function shown(query: RandomQuery, alias: string, value: unknown): unknown {
  const key = alias.startsWith('k') ? query.keys[Number(alias.slice(1))] : undefined;
  if (typeof value !== 'string' || (key !== 'sale.name' && key !== 'sale.label')) return value;
  return value
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/\p{Cc}/gu, (control) => (control < '\t' ? '' : control))
    .replace(/\p{Emoji_Presentation}/gu, '?')
    .trimEnd()
    .toLowerCase();
}
