import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import ts from 'typescript';

/** One file of the library, parsed. */
export interface Source {
  /** From `src`, with slashes and without `.ts`: `routing/hash-ring`. */
  readonly path: string;
  readonly ast: ts.SourceFile;
}

/** Parses a file's text; `path` is from `src`, with or without `.ts`. */
export function parseSource(path: string, text: string): Source {
  return { path: path.replace(/\.ts$/, ''), ast: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
}

/** Parses every TypeScript file below a folder. */
export function readSources(folder: string): readonly Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parseSource(path.split(sep).join('/'), readFileSync(join(folder, path), 'utf8')));
}

/** Every node of a file, parents first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of childrenOf(node)) {
    yield* nodesOf(child);
  }
}

function childrenOf(node: ts.Node): readonly ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  return children;
}

/** Where a node stands, for messages: `routing/hash-ring.ts:12`. */
export function placeOf({ path, ast }: Source, node: ts.Node): string {
  return `${path}.ts:${ast.getLineAndCharacterOfPosition(node.getStart(ast)).line + 1}`;
}
