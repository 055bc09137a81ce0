import type { ObjectLiteral } from 'typeorm';

/** The object that has a value under a property path: `a.b` gives `{ a: { b: value } }`. */
export function nested(path: string, value: unknown): ObjectLiteral {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as ObjectLiteral;
}

/** A copy of find options' tree with a value under a property path, unless something is there already. */
export function withProperty(tree: ObjectLiteral, path: string, value: unknown): ObjectLiteral {
  const [name = '', ...rest] = path.split('.');
  if (rest.length === 0) return tree[name] ? tree : { ...tree, [name]: value };
  if (tree[name] === true) return tree;
  return { ...tree, [name]: withProperty(tree[name] ?? {}, rest.join('.'), value) };
}

/** Whether a tree of find options names the property path. */
export function hasProperty(tree: ObjectLiteral, path: string): boolean {
  let at: unknown = tree;
  for (const name of path.split('.')) {
    if (at === true) return true;
    if (typeof at !== 'object' || at === null) return false;
    at = (at as ObjectLiteral)[name];
  }
  return at !== undefined && at !== false;
}

/** Takes the property under a path off an entity. */
export function removeProperty(entity: ObjectLiteral, path: string): void {
  const names = path.split('.');
  const last = names.pop() as string;
  let at: ObjectLiteral | undefined = entity;
  for (const name of names) at = at?.[name];
  if (at) delete at[last];
}
