import fc from 'fast-check';
import {
  And,
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
  Raw,
} from 'typeorm';

/** A condition on one column, as data: TypeORM writes into operators, so each use makes its own. */
export type Condition<V> =
  | {
      readonly kind: 'value' | 'Equal' | 'LessThan' | 'LessThanOrEqual' | 'MoreThan' | 'MoreThanOrEqual' | 'Like' | 'Raw';
      readonly value: V;
    }
  | { readonly kind: 'In' | 'Between'; readonly values: readonly V[] }
  | { readonly kind: 'IsNull' }
  | { readonly kind: 'Not'; readonly of: Condition<V> }
  | { readonly kind: 'And' | 'Or'; readonly of: readonly Condition<V>[] };

const comparisons = { Equal, LessThan, LessThanOrEqual, MoreThan, MoreThanOrEqual } as const;

/** Makes TypeORM's operator of a condition; a plain value where it is one. */
export function toFindOption<V>(condition: Condition<V>): V | FindOperator<V> {
  return condition.kind === 'value' ? condition.value : toOperator(condition);
}

function toOperator<V>(condition: Condition<V>): FindOperator<V> {
  switch (condition.kind) {
    case 'value':
      return Equal(condition.value);
    case 'Like':
      return (typeof condition.value === 'string' ? ILike(condition.value) : Like(condition.value)) as FindOperator<V>;
    case 'Raw':
      return Raw((alias) => `${alias} <> :given`, { given: condition.value });
    case 'In':
      return In(condition.values);
    case 'Between':
      return Between(condition.values[0]!, condition.values[1]!);
    case 'IsNull':
      return IsNull();
    case 'Not':
      return Not(toFindOption(condition.of));
    case 'And':
      return And(...condition.of.map(toOperator));
    case 'Or':
      return Or(...condition.of.map(toOperator));
    default:
      return comparisons[condition.kind](condition.value);
  }
}

/** Conditions of every kind, nested three deep. */
export function anyCondition<V>(value: fc.Arbitrary<V>): fc.Arbitrary<Condition<V>> {
  const one = fc.oneof(
    { arbitrary: fc.record({ kind: fc.constantFrom('value' as const, 'Equal' as const), value }), weight: 4 },
    fc.record({
      kind: fc.constantFrom(
        'LessThan' as const,
        'LessThanOrEqual' as const,
        'MoreThan' as const,
        'MoreThanOrEqual' as const,
        'Like' as const,
        'Raw' as const,
      ),
      value,
    }),
    fc.record({ kind: fc.constant('In' as const), values: fc.array(value, { maxLength: 5 }) }),
    fc.record({ kind: fc.constant('Between' as const), values: fc.tuple(value, value) }),
    fc.constant({ kind: 'IsNull' as const }),
  );
  return nested(one, true, 3);
}

/** Conditions of which each names its values: nothing but equalities, lists, and what joins them. */
export function namingCondition<V>(value: fc.Arbitrary<V>): fc.Arbitrary<Condition<V>> {
  const one = fc.oneof(
    fc.record({ kind: fc.constantFrom('value' as const, 'Equal' as const), value }),
    fc.record({ kind: fc.constant('In' as const), values: fc.array(value, { maxLength: 5 }) }),
  );
  return nested(one, false, 3);
}

function nested<V>(one: fc.Arbitrary<Condition<V>>, negated: boolean, depth: number): fc.Arbitrary<Condition<V>> {
  if (depth === 0) return one;
  const inner = nested(one, negated, depth - 1);
  const joined = fc.record({
    kind: fc.constantFrom('And' as const, 'Or' as const),
    of: fc.array(inner, { minLength: 1, maxLength: 3 }),
  });
  const not = inner.map((of) => ({ kind: 'Not' as const, of }));
  return negated ? fc.oneof({ arbitrary: one, weight: 3 }, joined, not) : fc.oneof({ arbitrary: one, weight: 2 }, joined);
}

/** Says by itself whether a value meets a condition that {@link namingCondition} made. */
export function isNamedBy<V>(value: V, condition: Condition<V>): boolean {
  switch (condition.kind) {
    case 'value':
    case 'Equal':
      return value === condition.value;
    case 'In':
      return condition.values.includes(value);
    case 'And':
      return condition.of.every((each) => isNamedBy(value, each));
    case 'Or':
      return condition.of.some((each) => isNamedBy(value, each));
    default:
      throw new TypeError(`${condition.kind} names no values.`);
  }
}

/** Makes a `where` of conditions by property path. */
export function toWhere(conditions: Readonly<Record<string, Condition<unknown> | undefined>>): ObjectLiteral {
  const where: ObjectLiteral = {};
  for (const [path, condition] of Object.entries(conditions)) {
    if (!condition) continue;
    const names = path.split('.');
    const last = names.pop()!;
    let at = where;
    for (const name of names) {
      at[name] ??= {};
      at = at[name];
    }
    at[last] = toFindOption(condition);
  }
  return where;
}
