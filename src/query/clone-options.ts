import { FindOperator, InstanceChecker } from 'typeorm';

/**
 * Copies find options or criteria so that each shard gets operators of its own: TypeORM's `FindOperator.transformValue` writes into
 * operators when a statement is built. What holds no operator is shared, since nothing writes into it.
 */
export function cloneOptions<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (isPlain(value)) return cloneMembers(value);
  return InstanceChecker.isFindOperator(value) ? (cloneOperator(value) as T) : value;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}

function cloneMembers<T extends object>(value: T): T {
  let copy: T | undefined;
  for (const name in value) {
    const member = cloneOptions(value[name]);
    if (member === value[name]) continue;
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as T;
    copy[name] = member;
  }
  return copy ?? value;
}

function cloneOperator(operator: FindOperator<unknown>): FindOperator<unknown> {
  const copy = Object.create(Object.getPrototypeOf(operator), Object.getOwnPropertyDescriptors(operator));
  copy._value = cloneOptions(copy._value);
  return copy;
}
