import { type DatabaseKind, sampledKinds } from '../database';
import { isLongRun } from '../long-run';
import type { Call } from './calls';
import type { ColumnFact } from './columns';
import { CLUSTER_SIZES, type Contestants, openContestants } from './contestants';
import { oracleEntities } from './entities';
import type { FindOperation, FindSpec } from './find-calls';
import type { Row, Rows } from './rows';
import { Tally } from './tally';
import { tryCalls } from './trial';
import { chosenValues, KEYS } from './values';

/**
 * One user for each value that was chosen for the column, and two without any.
 *
 * @param turned - whether the values stand the other way round, so that values taken for equal are in the wrong order of their keys
 *   one way or the other.
 */
function rowsFor(kind: DatabaseKind, fact: ColumnFact, turned: boolean): Rows {
  const list = [null, ...chosenValues(kind, fact), null];
  const values = turned ? list.toReversed() : list;
  const keys = values.map((_, index) => keyAt(index)).toSorted();
  const users = values.map((value, index): Row => ({ guid: keys[index], [fact.property]: value }));
  return { countries: [], users, orders: [], notes: [] };
}

function keyAt(index: number): string {
  const round = Math.floor(index / KEYS.length);
  return `${KEYS[index % KEYS.length]}${'x'.repeat(round)}`;
}

function callsBy(path: string): readonly Call[] {
  const call = (operation: FindOperation, options: FindSpec): Call => ({
    family: 'find',
    operation,
    entity: 'User',
    via: 'repository',
    options,
  });
  return (['ASC', 'DESC'] as const).flatMap((direction) => {
    const order = [{ path, direction }];
    return [
      call('find', { order }),
      call('find', { order, skip: 5, take: 7, select: ['score'] }),
      call('findPage', { order, take: 4 }),
      call('iterate', { order }),
    ];
  });
}

/** Three already part two of three neighbours, and other ones each time the values are turned. */
const sizes = isLongRun ? CLUSTER_SIZES : [3];

describe.each(sampledKinds)('The order of a cluster (%s)', (kind) => {
  let contestants: Contestants;

  beforeAll(async () => {
    contestants = await openContestants(kind, sizes);
  }, 120_000);
  afterAll(() => contestants?.stop());

  it.each(oracleEntities(kind).facts.User.columns.map((fact) => [fact.property, fact] as const))(
    'by %s is the database’s own, over all values that are hard to order',
    async (property, fact) => {
      const tally = new Tally();
      for (const turned of [false, true]) {
        const failing = await tryCalls(contestants, { rows: rowsFor(kind, fact, turned), calls: callsBy(property) }, tally);
        expect(failing?.difference).toBeUndefined();
      }
      expect(tally.report('Refused')).toContain('; 0 refused');
    },
  );
});
