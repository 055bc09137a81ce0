/** Writes plain data as one JSON document; integers beyond 2^53 become text, and fractions that are no number null. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, exact, 2);
}

/** Like {@link jsonText}, on one line. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, exact);
}

function exact(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
