import * as fc from 'fast-check';
import type { DatabaseKind } from '../database';
import type { Call } from './calls';
import { deckOf, type Family, WIPES } from './deck';
import type { OracleEntities } from './entities';
import { type Rows, rowsOf } from './rows';

/** A data set, and calls that are made on it one after another. */
export interface Batch {
  readonly rows: Rows;
  readonly calls: readonly Call[];
}

/** Batches of one call of each kind in random order. */
export function batchesOf(kind: DatabaseKind, entities: OracleEntities, families: readonly Family[]): fc.Arbitrary<Batch> {
  const slots = deckOf(kind, entities, families);
  const shuffled = fc.tuple(fc.tuple(...slots), fc.integer({ min: 1, max: 0x7fffffff }));
  return fc.record({ rows: rowsOf(kind, entities), calls: shuffled.map(([calls, turn]) => inTurn(calls, turn)) });
}

/** A fixed order for each turn. */
function inTurn(calls: readonly Call[], turn: number): readonly Call[] {
  const placed = calls.map((call, index) => ({ call, place: Math.imul(turn, index * 2 + 1) >>> 0 }));
  const isWipe = (call: Call) => WIPES.includes(call.operation);
  const sorted = placed.toSorted((a, b) => a.place - b.place).map(({ call }) => call);
  return [...sorted.filter((call) => !isWipe(call)), ...sorted.filter(isWipe)];
}
