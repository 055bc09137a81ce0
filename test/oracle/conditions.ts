import * as fc from 'fast-check';
import {
  And,
  Any,
  Between,
  Equal,
  type FindOperator,
  ILike,
  In,
  IsNull,
  LessThan,
  LessThanOrEqual,
  Like,
  MoreThan,
  MoreThanOrEqual,
  Not,
  type ObjectLiteral,
  Or,
} from 'typeorm';
import type { DatabaseKind } from '../database';
import type { ColumnFact } from './columns';
import type { EntityFacts } from './entities';
import { nest } from './paths';
import { conditionValue, KEYS } from './values';

/** A condition on one column, as data: printed and shrunk easily, and made into TypeORM's mutable operators anew for each data source. */
export type Condition =
  | {
      readonly op: 'is' | 'equal' | 'lessThan' | 'lessThanOrEqual' | 'moreThan' | 'moreThanOrEqual' | 'like' | 'iLike';
      readonly value: unknown;
    }
  | { readonly op: 'in' | 'any'; readonly values: readonly unknown[] }
  | { readonly op: 'between'; readonly low: unknown; readonly high: unknown }
  | { readonly op: 'isNull' }
  | { readonly op: 'not'; readonly of: Condition }
  | { readonly op: 'and' | 'or'; readonly of: readonly Condition[] };

/** Conditions by path; all must hold. */
export type Alternative = Readonly<Record<string, Condition>>;

/** A `where`: one of the alternatives must hold. */
export type Where = readonly Alternative[];

const OPERATORS = {
  equal: Equal,
  lessThan: LessThan,
  lessThanOrEqual: LessThanOrEqual,
  moreThan: MoreThan,
  moreThanOrEqual: MoreThanOrEqual,
  like: Like,
  iLike: ILike,
} as const;

/** TypeORM's value of a condition. */
export function toOperator(condition: Condition): unknown {
  switch (condition.op) {
    case 'is':
      return condition.value;
    case 'in':
      return In([...condition.values]);
    case 'any':
      return Any([...condition.values]);
    case 'between':
      return Between(condition.low, condition.high);
    case 'isNull':
      return IsNull();
    case 'not':
      return Not(toOperator(condition.of));
    case 'and':
      return And(...condition.of.map((each) => toOperator(each) as FindOperator<unknown>));
    case 'or':
      return Or(...condition.of.map((each) => toOperator(each) as FindOperator<unknown>));
    default:
      return OPERATORS[condition.op](condition.value as never);
  }
}

/** TypeORM's `where` of one or several alternatives. */
export function toWhere(where: Where): ObjectLiteral | ObjectLiteral[] {
  const alternatives = where.map((each) => nest(Object.entries(each).map(([path, condition]) => [path, toOperator(condition)])));
  return alternatives.length === 1 ? (alternatives[0] as ObjectLiteral) : alternatives;
}

/** How conditions may be made. */
interface Choice {
  readonly kind: DatabaseKind;
  /** Whether conditions may reach embedded columns and relations, which criteria of writes cannot. */
  readonly reach: boolean;
}

/** Conditions that match a part of the rows. */
export function whereOf(facts: EntityFacts, choice: Choice): fc.Arbitrary<Where> {
  const alternative = alternativeOf(facts, choice);
  return fc.oneof(
    { weight: 3, arbitrary: alternative.map((each) => [each]) },
    { weight: 1, arbitrary: fc.array(alternative, { minLength: 2, maxLength: 3 }) },
  );
}

function alternativeOf(facts: EntityFacts, { kind, reach }: Choice): fc.Arbitrary<Alternative> {
  const own = facts.columns.map((fact) => ({ path: fact.property, condition: conditionOf(kind, fact) }));
  const reached = reach ? facts.reached.map(({ path, of, column }) => ({ path, of, condition: conditionOf(kind, column) })) : [];
  const one = (list: readonly { readonly path: string; readonly condition: fc.Arbitrary<Condition> }[]) =>
    fc.constantFrom(...list).chain(({ path, condition }) => fc.tuple(fc.constant(path), condition));
  const key = keyCondition().map((condition): [string, Condition] => [facts.shardKey, condition]);
  const [embedded, related] = [reached.filter(({ of }) => of === 'embedded'), reached.filter(({ of }) => of !== 'embedded')];
  const entry = fc.oneof(
    { weight: 6, arbitrary: one(own) },
    { weight: 2, arbitrary: key },
    ...(embedded.length > 0 ? [{ weight: 2, arbitrary: one(embedded) }] : []),
    ...(related.length > 0 ? [{ weight: 2, arbitrary: one(related) }] : []),
  );
  return fc.array(entry, { minLength: 1, maxLength: 2 }).map((entries) => Object.fromEntries(entries));
}

/** A condition on the shard key, from which routes are proved. */
export function keyCondition(): fc.Arbitrary<Condition> {
  const key = fc.constantFrom(...KEYS);
  const keys = fc.subarray(KEYS, { maxLength: 20 }).map((values): Condition => ({ op: 'in', values }));
  const simple = fc.oneof(
    key.map((value): Condition => ({ op: 'is', value })),
    key.map((value): Condition => ({ op: 'equal', value })),
    keys,
    key.map((value): Condition => ({ op: 'moreThan', value })),
  );
  return nested(simple);
}

function conditionOf(kind: DatabaseKind, fact: ColumnFact): fc.Arbitrary<Condition> {
  return nested(plainCondition(kind, fact));
}

/** The condition itself, or within Not, And and Or up to two deep. */
function nested(simple: fc.Arbitrary<Condition>): fc.Arbitrary<Condition> {
  const not = (of: fc.Arbitrary<Condition>) => of.map((each): Condition => ({ op: 'not', of: each }));
  const several = (of: fc.Arbitrary<Condition>) =>
    fc.record({ op: fc.constantFrom('and' as const, 'or' as const), of: fc.array(of, { minLength: 2, maxLength: 3 }) });
  // TypeORM takes operators only inside And and Or.
  const operator = simple.map((each): Condition => (each.op === 'is' ? { ...each, op: 'equal' } : each));
  return fc.oneof(
    { weight: 7, arbitrary: simple },
    { weight: 2, arbitrary: not(simple) },
    { weight: 2, arbitrary: several(fc.oneof(operator, not(operator))) },
  );
}

function plainCondition(kind: DatabaseKind, fact: ColumnFact): fc.Arbitrary<Condition> {
  const value = conditionValue(kind, fact);
  const compared = fc.constantFrom('lessThan' as const, 'lessThanOrEqual' as const, 'moreThan' as const, 'moreThanOrEqual' as const);
  const lists = kind === 'postgres' ? (['in', 'any'] as const) : (['in'] as const);
  const choices: fc.Arbitrary<Condition>[] = [
    value.map((each): Condition => ({ op: 'is', value: each })),
    value.map((each): Condition => ({ op: 'equal', value: each })),
    fc.record({ op: compared, value }),
    fc.record({ op: compared, value }),
    fc.record({ op: fc.constantFrom(...lists), values: fc.array(value, { maxLength: 4 }) }),
    fc.record({ op: fc.constant('between' as const), low: value, high: value }),
    fc.constant({ op: 'isNull' }),
  ];
  return fc.oneof(...choices, ...(fact.family === 'text' && fact.like ? [likeCondition(), likeCondition()] : []));
}

function likeCondition(): fc.Arbitrary<Condition> {
  const pattern = fc.constantFrom('a%', '%a', '%b%', 'A_', '%', '_', 'x%');
  return fc.record({ op: fc.constantFrom('like' as const, 'iLike' as const), value: pattern });
}
