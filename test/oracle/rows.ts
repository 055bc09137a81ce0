import * as fc from 'fast-check';
import type { DataSource, EntityManager, ObjectLiteral } from 'typeorm';
import type { DatabaseKind } from '../database';
import type { ColumnFact } from './columns';
import type { EntityName, OracleEntities } from './entities';
import { KEYS, NOTE_IDS, nullableValue } from './values';

/** A plain row, by property. */
export type Row = Readonly<Record<string, unknown>>;

/** The rows of all tables. */
export interface Rows {
  readonly countries: readonly Row[];
  readonly users: readonly Row[];
  readonly orders: readonly Row[];
  readonly notes: readonly Row[];
}

const MAX_USERS = 22;
const COUNTRIES = ['de', 'fr', 'jp', 'us'];
const DELETED_AT = '2021-05-05 05:05:05.000000';
/** The times among the properties, which are written as SQL so that their microseconds are kept. */
const TIMES = ['at', 'placed', 'deletedAt'];

/** Data sets from none to a few dozen rows a table. */
export function rowsOf(kind: DatabaseKind, entities: OracleEntities): fc.Arbitrary<Rows> {
  const keys = fc.oneof(
    { weight: 1, arbitrary: fc.subarray(KEYS, { maxLength: 2 }) },
    { weight: 9, arbitrary: fc.shuffledSubarray(KEYS, { minLength: 6, maxLength: MAX_USERS }) },
  );
  return keys.chain((guids) =>
    fc.record({
      countries: fc.tuple(...COUNTRIES.map((code) => plainRow(kind, entities.countries, { code: fc.constant(code) }))),
      users: fc.tuple(...guids.map((guid) => userRow(kind, entities, guid))),
      orders: children(kind, entities, 'Order', guids),
      notes: children(kind, entities, 'Note', guids),
    }),
  );
}

/** One user, as inserts and upserts write it. */
export function userRow(kind: DatabaseKind, entities: OracleEntities, guid: string): fc.Arbitrary<Row> {
  return plainRow(kind, entities.facts.User.columns, {
    guid: fc.constant(guid),
    address: plainRow(kind, entities.cities, {}),
    country: fc.option(fc.constantFrom(...COUNTRIES).map((code) => ({ code }))),
    deletedAt: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constant(DELETED_AT) }),
  });
}

function children(kind: DatabaseKind, entities: OracleEntities, name: 'Order' | 'Note', guids: readonly string[]): fc.Arbitrary<Row[]> {
  if (guids.length === 0) return fc.constant([]);
  const userGuid = fc.constantFrom(...guids);
  const own: Record<string, fc.Arbitrary<unknown>> = name === 'Order'
    ? { userGuid, nr: fc.integer({ min: 1, max: 5 }) }
    : { userGuid, id: fc.constantFrom(...NOTE_IDS), deletedAt: fc.constantFrom(null, null, null, DELETED_AT) };
  const identity = (row: Row) => entities.facts[name].primaryKey.map((property) => row[property]).join(' ');
  return fc.uniqueArray(plainRow(kind, entities.facts[name].columns, own), { selector: identity, maxLength: 30, size: 'max' });
}

function plainRow(kind: DatabaseKind, columns: readonly ColumnFact[], own: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Row> {
  const values = columns.map((fact) => [fact.property, nullableValue(kind, fact)] as const);
  return fc.record({ ...own, ...Object.fromEntries(values) }) as fc.Arbitrary<Row>;
}

/** What TypeORM takes to write these values: times as SQL, since a `Date` has no microseconds. */
export function toStored(row: Row): ObjectLiteral {
  const times = TIMES.filter((property) => typeof row[property] === 'string');
  return { ...row, ...Object.fromEntries(times.map((property) => [property, () => `'${row[property]}'`])) };
}

/** Replaces all rows. */
export async function seed(source: DataSource, { targets }: OracleEntities, rows: Rows): Promise<void> {
  for (const name of ['Note', 'Order', 'User', 'Country'] as const) await source.manager.deleteAll(targets[name]);
  const insert = async (name: EntityName | 'Country', list: readonly Row[]) => {
    if (list.length > 0) await source.manager.insert(targets[name], list.map(toStored));
  };
  await insert('Country', rows.countries);
  await insert('User', rows.users);
  await Promise.all([insert('Order', rows.orders), insert('Note', rows.notes)]);
}

/** Every row of the sharded tables, deleted ones too. */
export async function readAll(manager: EntityManager, { targets }: OracleEntities): Promise<Readonly<Record<EntityName, ObjectLiteral[]>>> {
  const all = (name: EntityName) =>
    manager.find(targets[name], { withDeleted: true, loadRelationIds: name === 'User' && { relations: ['country'] } });
  const [User, Order, Note] = [await all('User'), await all('Order'), await all('Note')];
  return { User, Order, Note };
}
