import * as fc from 'fast-check';
import type { DatabaseKind } from '../database';
import { builderCall } from './builder-calls';
import type { Call } from './calls';
import type { OracleEntities } from './entities';
import { findCall } from './find-calls';
import { writeCall } from './write-calls';

/** Groups of calls that can be left out while a part of the library is being built. */
export type Family = 'find' | 'write' | 'builder' | 'page' | 'iterate';

export const FAMILIES: readonly Family[] = ['find', 'write', 'builder', 'page', 'iterate'];

/**
 * One call of each kind that is promised, so that every kind has its share of a run by construction. There are few enough of them that
 * one in a deck is more than 2 % of the calls.
 */
export function deckOf(kind: DatabaseKind, entities: OracleEntities, families: readonly Family[]): readonly fc.Arbitrary<Call>[] {
  const decks: Readonly<Record<Family, readonly fc.Arbitrary<Call>[]>> = {
    find: findDeck(kind, entities),
    write: WRITES.map((operation) => writeCall(kind, entities, operation)),
    builder: BUILDERS.map((terminals) => builderCall(kind, entities, ...terminals)),
    page: [findCall(kind, entities, 'findPage')],
    iterate: [findCall(kind, entities, 'iterate')],
  };
  return families.flatMap((family) => decks[family]);
}

function findDeck(kind: DatabaseKind, entities: OracleEntities): readonly fc.Arbitrary<Call>[] {
  const find = Array.from({ length: 6 }, () => findCall(kind, entities, 'find', 'find', 'find', 'find', 'find', 'findBy'));
  return [
    ...find,
    findCall(kind, entities, 'findAndCount', 'findAndCount', 'findAndCountBy'),
    findCall(kind, entities, 'findOne', 'findOne', 'findOneBy'),
    findCall(kind, entities, 'findOneOrFail', 'findOneOrFail', 'findOneByOrFail'),
    findCall(kind, entities, 'count', 'countBy'),
    findCall(kind, entities, 'exists', 'existsBy'),
    findCall(kind, entities, 'sum'),
    findCall(kind, entities, 'average'),
    findCall(kind, entities, 'minimum'),
    findCall(kind, entities, 'maximum'),
  ];
}

/** Wiping a table comes last in a batch, since calls on empty tables show little. */
export const WIPES: readonly string[] = ['deleteAll', 'clear', 'updateAll'];

const WRITES = [
  'update',
  'delete',
  'softDelete',
  'restore',
  'increment',
  'decrement',
  'upsert',
  'updateAll',
  'deleteAll',
  'clear',
] as const;

const BUILDERS = [
  ['getMany'],
  ['getOne'],
  ['getOneOrFail'],
  ['getCount'],
  ['getManyAndCount'],
  ['getRawMany'],
  ['getRawOne'],
  ['getExists'],
  ['grouped'],
  ['grouped'],
  ['grouped'],
  ['distinct'],
  ['execute insert'],
  ['execute update'],
  ['execute delete'],
  ['execute softDelete'],
  ['execute restore'],
] as const;
