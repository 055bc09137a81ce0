import { type FindOperator, InstanceChecker, type ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { ShardKeyMissingError } from '../errors';
import { type KeyColumn, storedValue } from '../metadata';
import { integerPosition, type Position } from '../routing';
import { ANY, type Domain, intersect, NONE, unite, valuesDomain } from './domain';

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
  const related = key.column.relationMetadata && key.column.referencedColumn && relatedPath(key);
  const own = related === key.path ? ANY : domainAt(where, key.path, { key, column: key.column, reading });
  if (!related) return own;
  // TypeORM compares with the related entity's column, and so by that column's transformer.
  const through = domainAt(where, related, { key, column: key.column.referencedColumn ?? key.column, reading });
  return intersect(intersect(own, through, key.part), relationDomain(where, key, reading), key.part);
}

/** `{ user: In([…]) }` compares the join column itself, if it is the only one, with values as the database has them. */
function relationDomain(where: ObjectLiteral, key: KeyColumn, reading: Reading): Domain {
  const relation = key.column.relationMetadata;
  if (relation?.joinColumns.length !== 1 || key.column.transformer || relation.propertyPath === key.path) return ANY;
  const condition = conditionAt(where, relation.propertyPath);
  if (!InstanceChecker.isFindOperator(condition)) return ANY;
  return operatorDomain(condition, { key, column: key.column, reading });
}

/** How one condition on a key is read. */
interface KeyReading {
  readonly key: KeyColumn;
  /** The column that TypeORM compares: the key's own, or the one it refers to. */
  readonly column: ColumnMetadata;
  readonly reading: Reading;
}

const ABSENT = Symbol('absent');

function relatedPath(key: KeyColumn): string {
  return `${key.column.relationMetadata?.propertyPath}.${key.column.referencedColumn?.propertyPath}`;
}

function domainAt(where: ObjectLiteral, path: string, at: KeyReading): Domain {
  const condition = conditionAt(where, path);
  return condition === ABSENT ? ANY : conditionDomain(condition, at);
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

function conditionDomain(condition: unknown, at: KeyReading): Domain {
  if (condition === undefined || condition === null) return absentDomain(condition, at.key, at.reading.invalidValues);
  if (InstanceChecker.isFindOperator(condition)) return operatorDomain(condition, at);
  if (isRelatedCondition(condition, at.key)) return ANY;
  return valuesDomain([storedValue(at.column, condition)], at.key.part);
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

function operatorDomain(operator: FindOperator<unknown>, at: KeyReading): Domain {
  const nested = operator.child;
  if (nested) return operator.type === 'equal' ? operatorDomain(nested, at) : ANY;
  const value = operator.value;
  switch (operator.type) {
    case 'equal':
      return value === null || value === undefined ? ANY : valuesDomain([storedValue(at.column, value)], at.key.part);
    case 'in':
      return listDomain(value, at);
    case 'any':
      // TypeORM gives the transformer the whole list, so what it compares with is not known.
      return at.column.transformer ? ANY : listDomain(value, at);
    case 'and':
      return operands(value).reduce<Domain>((domain, each) => intersect(domain, conditionDomain(each, at), at.key.part), ANY);
    case 'or':
      return operands(value).reduce<Domain>((domain, each) => unite(domain, conditionDomain(each, at)), NONE);
    default:
      return at.reading.ordered ? comparisonDomain(operator.type, value, at) : ANY;
  }
}

function listDomain(values: unknown, { key, column }: KeyReading): Domain {
  if (!Array.isArray(values)) return ANY;
  return valuesDomain(
    values.map((value) => storedValue(column, value)),
    key.part,
  );
}

function operands(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function comparisonDomain(type: string, value: unknown, at: KeyReading): Domain {
  switch (type) {
    case 'between': {
      const [low, high] = operands(value);
      return { kind: 'stretch', low: boundOf(low, at), high: boundOf(high, at) };
    }
    case 'moreThan':
    case 'moreThanOrEqual':
      return { kind: 'stretch', low: boundOf(value, at), high: null };
    case 'lessThan':
    case 'lessThanOrEqual':
      return { kind: 'stretch', low: null, high: boundOf(value, at) };
    default:
      return ANY;
  }
}

/** A fraction can bound integers though it cannot be one; beyond 2^53 a number's text says another value than the number. */
function boundOf(value: unknown, { key, column }: KeyReading): Position {
  const stored = storedValue(column, value);
  const isFraction = typeof stored === 'number' && key.part.type === 'integer' && !Number.isInteger(stored) && Number.isFinite(stored);
  return isFraction ? stored : integerPosition(stored, key.part);
}
