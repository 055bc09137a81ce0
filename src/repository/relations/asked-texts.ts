/**
 * Says to which of the values that were asked for a value that was found belongs.
 *
 * It is the same one, unless the database compares loosely, without regard to case, accents or trailing blanks; that it does shows
 * when it gives a value that nobody asked for. Then values are matched loosely too.
 */
export function askedTexts(asked: Iterable<string>, found: readonly string[]): (text: string) => readonly string[] {
  const exact = new Set(asked);
  if (found.every((text) => exact.has(text))) return (text) => [text];
  const loose = new Map<string, string[]>();
  for (const text of exact) loose.set(folded(text), [...(loose.get(folded(text)) ?? []), text]);
  return (text) => loose.get(folded(text)) ?? [];
}

function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trimEnd();
}
