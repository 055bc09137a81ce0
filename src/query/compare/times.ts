/**
 * Compares dates and times as databases write them in ISO form, of one type and zone: `2026-01-31 10:00:00.5`, also PostgreSQL's
 * `infinity`, years beyond 9999 and ` BC`.
 */
export function compareTimes(a: string, b: string): number {
  if (a === b) return 0;
  if (isPlain(a) && isPlain(b)) return a < b ? -1 : 1;
  const [yearA, restA] = partsOf(a);
  const [yearB, restB] = partsOf(b);
  if (yearA !== yearB) return yearA < yearB ? -1 : 1;
  if (restA === restB) return 0;
  return restA < restB ? -1 : 1;
}

/** Whether text order is the order of time: a time of day, or a year of four digits after Christ. */
function isPlain(text: string): boolean {
  return (text[4] === '-' || text[2] === ':') && !text.endsWith('C');
}

function partsOf(text: string): readonly [number, string] {
  if (text.endsWith('infinity')) return [text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY, ''];
  const dash = text.indexOf('-');
  const year = Number(text.slice(0, dash));
  // Within a year before Christ time runs on as in any other.
  return text.endsWith(' BC') ? [1 - year, text.slice(dash, -' BC'.length)] : [year, text.slice(dash)];
}
