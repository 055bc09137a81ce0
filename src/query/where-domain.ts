import { type FindOperator, InstanceChecker, type ObjectLiteral } from 'typeorm';
import { ShardKeyMissingError } from '../errors';
import type { KeyColumn } from '../metadata';
import { integerPosition } from '../routing';
import { ANY, type Domain, intersect, unite, valuesDomain } from './domain';

/** How TypeORM was told to treat null and undefined in conditions. */
export interface InvalidValues {
  readonly null?: 'ignore' | 'sql-null' | 'throw';
  readonly undefined?: 'ignore' | 'throw';
}

/** How one conjunction of conditions is read. */
export interface Reading {
  readonly invalidValues: InvalidValues;
  /** Whether the key is placed by order, so that comparisons narrow it. */
  readonly ordered: boolean;
}

/**
 * Finds what a `where` object allows a key column to be. It never guesses: what it does not understand allows anything.
 *
 * @throws {ShardKeyMissingError} when the column is compared with null or undefined and TypeORM would refuse that.
 * @throws {ShardKeyInvalidError} when it is compared with a value that cannot route.
 */
export function whereDomain(where: ObjectLiteral, key: KeyColumn, reading: Reading): Domain {
  const direct = conditionAt(where, key.path);
  const domain = direct === ABSENT ? ANY : conditionDomain(direct, key, reading);
  const related = key.column.relationMetadata && key.column.referencedColumn && relatedPath(key);
  if (!related || related === key.path) return domain;
  const through = conditionAt(where, related);
  return through === ABSENT ? domain : intersect(domain, conditionDomain(through, key, reading), key.part);
}

const ABSENT = Symbol('absent');

function relatedPath(key: KeyColumn): string {
  return `${key.column.relationMetadata?.propertyPath}.${key.column.referencedColumn?.propertyPath}`;
}

function conditionAt(where: ObjectLiteral, path: string): unknown {
  if (!path.includes('.')) return path in where ? where[path] : ABSENT;
  let condition: unknown = where;
  for (const name of path.split('.')) {
    if (typeof condition !== 'object' || condition === null || InstanceChecker.isFindOperator(condition) || !(name in condition))
      return ABSENT;
    condition = (condition as ObjectLiteral)[name];
  }
  return condition;
}

function conditionDomain(condition: unknown, key: KeyColumn, reading: Reading): Domain {
  if (condition === undefined || condition === null) return absentDomain(condition, key, reading.invalidValues);
  if (InstanceChecker.isFindOperator(condition)) return operatorDomain(condition, key, reading);
  if (isRelatedCondition(condition, key)) return ANY;
  return valuesDomain([key.toStored(condition)], key.part);
}

function absentDomain(condition: null | undefined, key: KeyColumn, invalid: InvalidValues): Domain {
  const behaviour = condition === null ? (invalid.null ?? 'throw') : (invalid.undefined ?? 'throw');
  if (behaviour === 'throw') throw new ShardKeyMissingError(key.column.entityMetadata.name, [key.path]);
  return behaviour === 'ignore' ? ANY : { kind: 'values', values: new Map() };
}

/** `{ user: { name } }` on a relation that holds the key is a condition on the related row, not a key. */
function isRelatedCondition(condition: unknown, key: KeyColumn): boolean {
  return typeof condition === 'object' && key.column.relationMetadata?.propertyName === key.path && !(condition instanceof Date);
}

function operatorDomain(operator: FindOperator<unknown>, key: KeyColumn, reading: Reading): Domain {
  const nested = operator.child;
  if (nested) return operator.type === 'equal' ? operatorDomain(nested, key, reading) : ANY;
  const value = operator.value;
  switch (operator.type) {
    case 'equal':
      return value === null || value === undefined ? ANY : valuesDomain([key.toStored(value)], key.part);
    case 'in':
    case 'any':
      return Array.isArray(value)
        ? valuesDomain(
            value.map((each) => key.toStored(each)),
            key.part,
          )
        : ANY;
    case 'and':
      return operands(value).reduce<Domain>((domain, each) => intersect(domain, conditionDomain(each, key, reading), key.part), ANY);
    case 'or':
      return operands(value)
        .map((each) => conditionDomain(each, key, reading))
        .reduce(unite);
    default:
      return reading.ordered ? comparisonDomain(operator.type, value, key) : ANY;
  }
}

function operands(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function comparisonDomain(type: string, value: unknown, key: KeyColumn): Domain {
  const at = (each: unknown) => integerPosition(key.toStored(each), key.part);
  switch (type) {
    case 'between': {
      const [low, high] = operands(value);
      return { kind: 'stretch', low: at(low), high: at(high) };
    }
    case 'moreThan':
    case 'moreThanOrEqual':
      return { kind: 'stretch', low: at(value), high: null };
    case 'lessThan':
    case 'lessThanOrEqual':
      return { kind: 'stretch', low: null, high: at(value) };
    default:
      return ANY;
  }
}
