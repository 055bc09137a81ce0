import ts from 'typescript';
import { nodesOf, placeOf, type Source } from './source';

/** How many lines something has, and where it is. */
export interface Size {
  readonly place: string;
  readonly lines: number;
}

/** The most lines allowed. */
export interface SizeLimits {
  readonly median: number;
  readonly p90: number;
  readonly longest: number;
}

/** Lines of each file, comments and blank lines included. */
export function fileSizes(sources: readonly Source[]): readonly Size[] {
  return sources.map(({ path, ast }) => ({ place: `${path}.ts`, lines: ast.text.trimEnd().split('\n').length }));
}

/** Lines of each function with a body, from its first word to its last brace; callbacks of one line are no functions of their own. */
export function functionSizes(sources: readonly Source[]): readonly Size[] {
  return sources.flatMap((source) => [...nodesOf(source.ast)].filter(hasBody).flatMap((node) => sizeOf(source, node)));
}

/** One sentence for each limit that the sizes break; nearest-rank percentiles. */
export function sizeFaults(what: string, sizes: readonly Size[], limits: SizeLimits): readonly string[] {
  const sorted = [...sizes].sort((a, b) => a.lines - b.lines);
  const tooLong = sorted.filter(({ lines }) => lines > limits.longest);
  return [
    ...rankFault(`The median ${what}`, sorted, { share: 0.5, most: limits.median }),
    ...rankFault(`The 90th percentile of ${what}s`, sorted, { share: 0.9, most: limits.p90 }),
    ...tooLong.map(({ place, lines }) => `${place}: a ${what} of ${lines} lines, more than ${limits.longest}.`),
  ];
}

function rankFault(what: string, sorted: readonly Size[], { share, most }: { share: number; most: number }): readonly string[] {
  const lines = sorted[Math.ceil(sorted.length * share) - 1]?.lines ?? 0;
  return lines > most ? [`${what} has ${lines} lines, more than ${most}.`] : [];
}

function hasBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

function sizeOf(source: Source, node: ts.FunctionLikeDeclaration): readonly Size[] {
  const lineAt = (position: number) => source.ast.getLineAndCharacterOfPosition(position).line;
  const lines = lineAt(node.getEnd()) - lineAt(node.getStart(source.ast)) + 1;
  const isCallback = lines === 1 && ts.isArrowFunction(node) && !ts.isVariableDeclaration(node.parent);
  return isCallback ? [] : [{ place: placeOf(source, node), lines }];
}
