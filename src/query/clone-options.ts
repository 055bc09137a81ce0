import { FindOperator, InstanceChecker } from 'typeorm';

/**
 * Copies find options or criteria so that each shard gets its own: TypeORM's `FindOperator.transformValue` writes into operators
 * when a statement is built. Entities, dates, buffers and functions are shared, since nothing writes into them.
 */
export function cloneOptions<T>(value: T): T {
  if (Array.isArray(value)) return value.map(cloneOptions) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (InstanceChecker.isFindOperator(value)) return cloneOperator(value) as T;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, cloneOptions(each)])) as T;
}

function cloneOperator(operator: FindOperator<unknown>): FindOperator<unknown> {
  const copy = Object.create(Object.getPrototypeOf(operator), Object.getOwnPropertyDescriptors(operator));
  copy._value = cloneOptions(copy._value);
  return copy;
}
