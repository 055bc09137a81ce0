import type { Imports } from './imports';

/** The folders of src from the bottom up. A folder imports from lower lines only; folders of one line do not know each other. */
export const layers: readonly (readonly string[])[] = [
  ['errors'],
  ['options'],
  ['routing'],
  ['topology'],
  ['metadata'],
  ['query'],
  ['cluster'],
  ['fence'],
  ['live'],
  ['scatter'],
  ['repository', 'transaction', 'reshard'],
  ['data-source'],
  ['nestjs', 'cli', 'opentelemetry', 'testing'],
];

const exceptions: ReadonlySet<string> = new Set(['repository -> transaction']);

/** One sentence for each import against the order of the layers or of the index of its own folder, and for each file outside the layers. */
export function layerFaults(imports: readonly Imports[]): readonly string[] {
  return imports.flatMap(({ path, files }) => {
    if (path === 'index') {
      return [];
    }
    if (rankOf(path) === -1) {
      return [`${path}.ts is in no layer.`];
    }
    return files.flatMap((file) => importFaults(path, file));
  });
}

function importFaults(from: string, to: string): readonly string[] {
  if (folderOf(from) === folderOf(to)) {
    return isIndexAbove(to, from) ? [`${from}.ts imports the index of its own folder.`] : [];
  }
  const allowed = to !== 'index' && (rankOf(to) < rankOf(from) || exceptions.has(`${folderOf(from)} -> ${folderOf(to)}`));
  return allowed ? [] : [`${from}.ts imports ${to}.ts, which is not below it.`];
}

/** Whether a file is the `index.ts` of another's folder, or of one around that. */
function isIndexAbove(file: string, other: string): boolean {
  return file.endsWith('/index') && other.startsWith(file.slice(0, -'index'.length));
}

function rankOf(path: string): number {
  return layers.findIndex((folders) => folders.includes(folderOf(path)));
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}
