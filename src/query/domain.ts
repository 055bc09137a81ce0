import { canonicalPart, integerPosition, type KeyPart, type Position } from '../routing';

/**
 * What a condition allows a key column to be: anything, one of some values, or (ordered placements) a stretch of the line.
 * Values are held under their canonical text, so that `7` and `'07'` are one value.
 */
export type Domain =
  | { readonly kind: 'any' }
  | { readonly kind: 'values'; readonly values: ReadonlyMap<string, unknown> }
  | { readonly kind: 'stretch'; readonly low: Position | null; readonly high: Position | null };

export const ANY: Domain = { kind: 'any' };
export const NONE: Domain = { kind: 'values', values: new Map() };

/** The domain of the given values. @throws {ShardKeyInvalidError} when one of them cannot route. */
export function valuesDomain(values: readonly unknown[], part: KeyPart): Domain {
  return { kind: 'values', values: new Map(values.map((value) => [canonicalPart(value, part), value])) };
}

/** What two conditions that must both hold allow. */
export function intersect(a: Domain, b: Domain, part: KeyPart): Domain {
  if (a.kind === 'any') return b;
  if (b.kind === 'any') return a;
  if (a.kind === 'values')
    return { kind: 'values', values: new Map([...a.values].filter(([text, value]) => allows(b, text, value, part))) };
  if (b.kind === 'values') return intersect(b, a, part);
  return { kind: 'stretch', low: later(a.low, b.low), high: earlier(a.high, b.high) };
}

/** What two conditions of which one must hold allow; for two different stretches nothing is proved. */
export function unite(a: Domain, b: Domain): Domain {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return a.kind === 'values' && b.kind === 'values' ? { kind: 'values', values: new Map([...a.values, ...b.values]) } : ANY;
}

/** Whether no value at all is allowed. */
export function isEmpty(domain: Domain): boolean {
  if (domain.kind === 'values') return domain.values.size === 0;
  return domain.kind === 'stretch' && domain.low !== null && domain.high !== null && domain.low > domain.high;
}

function allows(domain: Domain, text: string, value: unknown, part: KeyPart): boolean {
  if (domain.kind === 'values') return domain.values.has(text);
  if (domain.kind === 'any') return true;
  const position = integerPosition(value, part);
  return (domain.low === null || position >= domain.low) && (domain.high === null || position <= domain.high);
}

function later(a: Position | null, b: Position | null): Position | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}

function earlier(a: Position | null, b: Position | null): Position | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
