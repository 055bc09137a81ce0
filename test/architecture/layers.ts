import type { Imports } from './imports';

/** The folders of src from the bottom up. A folder imports from lower lines only; folders of one line do not know each other. */
const layers: readonly (readonly string[])[] = [
  ['errors'],
  ['options'],
  ['routing'],
  ['topology'],
  ['metadata'],
  ['query'],
  ['cluster'],
  ['repository', 'transaction', 'reshard'],
  ['data-source'],
  ['nestjs', 'cli', 'opentelemetry', 'testing'],
];

const exceptions: ReadonlySet<string> = new Set(['repository -> transaction']);

/** One sentence for each import against the order of the layers, through a folder's own index, or from a file outside the layers. */
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
    return to === `${folderOf(to)}/index` ? [`${from}.ts imports the index of its own folder.`] : [];
  }
  const allowed = to !== 'index' && (rankOf(to) < rankOf(from) || exceptions.has(`${folderOf(from)} -> ${folderOf(to)}`));
  return allowed ? [] : [`${from}.ts imports ${to}.ts, which is not below it.`];
}

function rankOf(path: string): number {
  return layers.findIndex((folders) => folders.includes(folderOf(path)));
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}
