import type { DatabaseKind } from '../database';
import type { Batch } from './batches';
import type { Call } from './calls';
import type { Row, Rows } from './rows';
import { KEYS } from './values';

/** A difference that was found once. */
export interface Regression extends Batch {
  /** What was answered wrongly, as a sentence. */
  readonly name: string;
  /** Where it was. @defaultValue every kind */
  readonly kinds?: readonly DatabaseKind[];
}

/** Every difference that a run has found: rows and calls as it printed them, without the columns that do not matter. */
export const REGRESSIONS: readonly Regression[] = [
  {
    name: 'A sum of decimals was added up in JavaScript, where 0.1 and 0.2 make 0.30000000000000004',
    kinds: ['mariadb', 'postgres'],
    rows: usersWith('price', ['0.1', '0.2', null, '0.3']),
    calls: [sum('price')],
  },
  {
    name: 'A sum of decimals of opposite signs lost the digits that were left',
    kinds: ['mariadb', 'postgres'],
    rows: usersWith('price', ['12345678901234567890.1234567892', '-12345678901234567890.1']),
    calls: [sum('price')],
  },
  {
    name: 'A sum of integers beyond 2^53 was added up from rounded sums of shards',
    rows: usersWith('big', ['-9007199254740993', '1', '9007199254740993', '9007199254740993']),
    calls: [sum('big')],
  },
  {
    name: 'The count beside a page that is ordered by a column of a relation was 0',
    rows: usersWith('score', [1, 2, 3]),
    calls: [
      {
        family: 'find',
        operation: 'findAndCount',
        entity: 'User',
        via: 'manager',
        options: { order: [{ path: 'country.people', direction: 'DESC' }], take: 1 },
      },
    ],
  },
];

/** One user for each value, under keys that are on different shards. */
function usersWith(property: string, values: readonly unknown[]): Rows {
  const users = KEYS.flatMap((guid, index): Row[] => (index < values.length ? [{ guid, [property]: values[index] }] : []));
  return { countries: [], users, orders: [], notes: [] };
}

function sum(column: string): Call {
  return { family: 'find', operation: 'sum', entity: 'User', via: 'repository', options: {}, column };
}
