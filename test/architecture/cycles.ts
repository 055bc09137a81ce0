import type { Imports } from './imports';

/**
 * Finds import cycles between files.
 *
 * @returns One path for each file that a search meets again while it is still open, as `a -> b -> a`; empty exactly when there is no cycle.
 */
export function importCycles(imports: readonly Imports[]): readonly string[] {
  const filesOf = new Map(imports.map(({ path, files }) => [path, files]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, open: readonly string[]): void => {
    if (open.includes(path)) {
      cycles.push([...open.slice(open.indexOf(path)), path].join(' -> '));
      return;
    }
    if (done.has(path)) {
      return;
    }
    for (const next of filesOf.get(path) ?? []) {
      visit(next, [...open, path]);
    }
    done.add(path);
  };
  for (const { path } of imports) {
    visit(path, []);
  }
  return cycles;
}
