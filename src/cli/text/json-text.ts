/** Writes plain data as one JSON document; integers beyond 2^53 become text, and fractions that are no number null. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each), 2);
}
