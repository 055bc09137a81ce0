import type { ObjectLiteral } from 'typeorm';
import type { Condition, Where } from './conditions';

const SIGNS = {
  is: '=',
  equal: '=',
  lessThan: '<',
  lessThanOrEqual: '<=',
  moreThan: '>',
  moreThanOrEqual: '>=',
  like: 'LIKE',
  iLike: 'LIKE',
} as const;

/** Writes a condition as SQL with parameters, as users write it for a query builder. */
export function conditionText(where: Where, prefix: string): { readonly sql: string; readonly parameters: ObjectLiteral } {
  const parameters: ObjectLiteral = {};
  const name = (value: unknown) => {
    const parameter = `p${Object.keys(parameters).length}`;
    parameters[parameter] = value;
    return parameter;
  };
  const one = (left: string, condition: Condition): string => {
    switch (condition.op) {
      case 'in':
      case 'any':
        return condition.values.length === 0 ? '1 = 0' : `${left} IN (:...${name([...condition.values])})`;
      case 'between':
        return `${left} BETWEEN :${name(condition.low)} AND :${name(condition.high)}`;
      case 'isNull':
        return `${left} IS NULL`;
      case 'not':
        return `NOT (${one(left, condition.of)})`;
      case 'and':
      case 'or':
        return `(${condition.of.map((each) => one(left, each)).join(condition.op === 'and' ? ' AND ' : ' OR ')})`;
      default:
        return `${left} ${SIGNS[condition.op]} :${name(condition.value)}`;
    }
  };
  const all = (alternative: Where[number]) => Object.entries(alternative).map(([path, condition]) => one(`${prefix}${path}`, condition));
  return { sql: where.map((each) => `(${all(each).join(' AND ')})`).join(' OR '), parameters };
}
