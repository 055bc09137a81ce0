import ts from 'typescript';
import { nodesOf, placeOf, type Source } from './source';

/** What a command line may do and a library may not. */
const processMembers: ReadonlySet<string> = new Set(['exit', 'env']);

/** One sentence for each default export, enum and namespace, and, outside `cli/`, each use of the console, `process.exit` and `process.env`. */
export function forbiddenSyntax(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => {
    const isCli = source.path.startsWith('cli/');
    return [...nodesOf(source.ast)].flatMap((node) => {
      const name = forbiddenDeclaration(node) ?? (isCli ? undefined : forbiddenEffect(node));
      return name === undefined ? [] : [`${placeOf(source, node)}: ${name}`];
    });
  });
}

function forbiddenDeclaration(node: ts.Node): string | undefined {
  if (isDefaultExport(node)) {
    return 'default export';
  }
  if (ts.isEnumDeclaration(node)) {
    return 'enum';
  }
  // `declare module 'x'` and `declare global` add to types of others; they are no namespaces.
  return ts.isModuleDeclaration(node) && ts.isIdentifier(node.name) && !(node.flags & ts.NodeFlags.GlobalAugmentation) ? 'namespace' : undefined;
}

function isDefaultExport(node: ts.Node): boolean {
  return (
    ts.isExportAssignment(node) ||
    (ts.isExportSpecifier(node) && node.name.text === 'default') ||
    (ts.isNamespaceExport(node) && node.name.text === 'default') ||
    node.kind === ts.SyntaxKind.DefaultKeyword && ts.isExportable(node.parent)
  );
}

function forbiddenEffect(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node) && node.text === 'console' && !isNameOfOther(node)) {
    return 'console';
  }
  const member = processMember(node);
  return member !== undefined && processMembers.has(member) ? `process.${member}` : undefined;
}
