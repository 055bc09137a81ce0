import type { ObjectLiteral } from 'typeorm';

/** Makes `{ a: { b: value } }` of `['a.b', value]`. */
export function nest(entries: readonly (readonly [path: string, value: unknown])[]): ObjectLiteral {
  const root: ObjectLiteral = {};
  for (const [path, value] of entries) {
    const names = path.split('.');
    const last = names.pop() as string;
    let at = root;
    for (const name of names) {
      at[name] ??= {};
      at = at[name];
    }
    at[last] = value;
  }
  return root;
}
