import * as fc from 'fast-check';
import type { DatabaseKind } from '../database';
import { type Condition, type Where, whereOf } from './conditions';
import type { EntityFacts, EntityName, OracleEntities } from './entities';
import { type Row, userRow } from './rows';
import { KEYS, nullableValue } from './values';

/** Operations that write what criteria, or rows, describe. */
export type WriteOperation =
  | 'update'
  | 'updateAll'
  | 'delete'
  | 'deleteAll'
  | 'softDelete'
  | 'restore'
  | 'increment'
  | 'decrement'
  | 'upsert'
  | 'clear';

/** A call of a repository or manager that writes. */
export interface WriteCall {
  readonly family: 'write';
  readonly operation: WriteOperation;
  readonly entity: EntityName;
  readonly via: 'repository' | 'manager';
  readonly criteria?: Where;
  readonly values?: Row;
  readonly by?: number;
  readonly rows?: readonly Row[];
}

/** One of the operations with random arguments. */
export function writeCall(kind: DatabaseKind, entities: OracleEntities, operation: WriteOperation): fc.Arbitrary<WriteCall> {
  return fc.constantFrom(...entitiesFor(operation)).chain((name) => {
    const facts = entities.facts[name];
    const criteria = whereOf(facts, { kind, reach: false });
    const head = {
      family: fc.constant('write' as const),
      operation: fc.constant(operation),
      entity: fc.constant(name),
      via: fc.constantFrom('repository' as const, 'manager' as const),
    };
    const values = valuesOf(kind, facts);
    switch (operation) {
      case 'update':
        return fc.record<WriteCall>({ ...head, criteria, values });
      case 'updateAll':
        return fc.record<WriteCall>({ ...head, values });
      case 'upsert':
        return fc.record<WriteCall>({ ...head, rows: upserted(kind, entities) });
      case 'increment':
      case 'decrement':
        // TypeORM takes one set of conditions here, no alternatives.
        return fc.record<WriteCall>({ ...head, criteria: criteria.map((where) => where.slice(0, 1)), by: fc.integer({ min: 1, max: 9 }) });
      case 'deleteAll':
      case 'clear':
        return fc.record<WriteCall>(head);
      default:
        return fc.record<WriteCall>({ ...head, criteria });
    }
  });
}

/** TRUNCATE refuses a table that others refer to, and only two tables have soft-deleted rows. */
function entitiesFor(operation: WriteOperation): readonly EntityName[] {
  if (operation === 'clear') return ['Note'];
  if (operation === 'upsert') return ['User'];
  if (operation === 'softDelete' || operation === 'restore') return ['User', 'Note'];
  return operation === 'deleteAll' ? ['Order', 'Note'] : ['User', 'Order', 'Note'];
}

function valuesOf(kind: DatabaseKind, { columns }: EntityFacts): fc.Arbitrary<Row> {
  return fc
    .subarray([...columns], { minLength: 1, maxLength: 3 })
    .chain(
      (chosen) => fc.record(Object.fromEntries(chosen.map((fact) => [fact.property, nullableValue(kind, fact)]))) as fc.Arbitrary<Row>,
    );
}

/** Whole rows under different keys, of which some are there. */
function upserted(kind: DatabaseKind, entities: OracleEntities): fc.Arbitrary<readonly Row[]> {
  return fc
    .shuffledSubarray(KEYS, { minLength: 1, maxLength: 6 })
    .chain((keys) => fc.tuple(...keys.map((key) => userRow(kind, entities, key))));
}

/** Whether criteria name shard keys, so that the call needs no `acrossShards()`. */
export function namesKeys({ criteria }: WriteCall, { shardKey }: EntityFacts): boolean {
  return criteria?.every((each) => each[shardKey] !== undefined && isNamed(each[shardKey])) ?? false;
}

function isNamed(condition: Condition): boolean {
  return ['is', 'equal', 'in'].includes(condition.op);
}
