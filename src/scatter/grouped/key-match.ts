import { canonicalOf, type Expression, type Part } from './expression';

/**
 * How many parts of an expression, from `start` on, are a group key.
 *
 * A key of several words counts only where brackets, commas or the ends bound it, so that `a + b` is not found in `2 * a + b`; a
 * call of a function is bounded by itself.
 *
 * @returns 0 when the key does not stand there.
 */
export function keyAt(expression: Expression, start: number, key: string): number {
  for (let end = start + 1; end <= expression.length; end += 1) {
    const candidate = expression.slice(start, end);
    const canonical = canonicalOf(candidate);
    if (canonical.length > key.length) return 0;
    if (canonical !== key) continue;
    return end - start === 1 || isCall(candidate) || isBounded(expression, start, end) ? end - start : 0;
  }
  return 0;
}

function isBounded(expression: Expression, start: number, end: number): boolean {
  const before = expression[start - 1]?.text;
  const after = expression[end]?.text;
  return (before === undefined || before === '(' || before === ',') && (after === undefined || after === ')' || after === ',');
}

/** Whether the parts are one call, `name(…)`: the bracket that opens it closes at the end. */
function isCall(parts: readonly Part[]): boolean {
  const [name, open] = parts;
  if (name?.kind !== 'text' || !/^\w+$/.test(name.text) || open?.text !== '(') return false;
  let depth = 0;
  for (const [index, { text }] of parts.entries()) {
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    if (index > 0 && depth === 0) return index === parts.length - 1;
  }
  return false;
}
