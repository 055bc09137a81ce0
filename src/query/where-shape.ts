import { InstanceChecker } from 'typeorm';

/** The structure of conditions without the values that they compare with: properties and operators. */
export function whereShape(where: unknown): unknown {
  if (Array.isArray(where)) return where.map(whereShape);
  if (InstanceChecker.isFindOperator(where)) {
    const { type, child, value } = where;
    const operands = type === 'and' || type === 'or' ? [value].flat().map(whereShape) : child ? [whereShape(child)] : [];
    return [type, ...operands];
  }
  if (typeof where !== 'object' || where === null || !isPlain(where)) return '=';
  return Object.entries(where)
    .filter(([, condition]) => condition !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, condition]) => [name, whereShape(condition)]);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
