import { conjunctsOf } from './sql-branches';
import { columnOf, type SqlColumn } from './sql-column';
import { parseCondition, type SqlCondition } from './sql-condition';

/** The pairs of columns that a condition says to be equal whatever else it says. */
export function equalColumns(condition: Omit<SqlCondition, 'alias' | 'isAlone'>): readonly (readonly [SqlColumn, SqlColumn])[] {
  const parsed = parseCondition({ ...condition, alias: '', isAlone: false });
  const conjuncts = (parsed && conjunctsOf(parsed.tree)) ?? [];
  return conjuncts.flatMap(({ type, operator, left, right }) => {
    if (type !== 'binary_expr' || operator !== '=' || !left || !right) return [];
    const [first, second] = [columnOf(left, condition.dialect), columnOf(right, condition.dialect)];
    return first && second ? [[first, second] as const] : [];
  });
}
