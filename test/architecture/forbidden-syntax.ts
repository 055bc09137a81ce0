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
  // `declare module 'x'` and `declare global` add to the types of others; they are no namespaces.
  const isNamespace = ts.isModuleDeclaration(node) && ts.isIdentifier(node.name) && !(node.flags & ts.NodeFlags.GlobalAugmentation);
  return isNamespace ? 'namespace' : undefined;
}

function isDefaultExport(node: ts.Node): boolean {
  const isNamedDefault = (ts.isExportSpecifier(node) || ts.isNamespaceExport(node)) && node.name.text === 'default';
  return isNamedDefault || ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword;
}

function forbiddenEffect(node: ts.Node): string | undefined {
  if (isGlobal(node, 'console') || (ts.isStringLiteral(node) && /^(node:)?console$/.test(node.text))) {
    return 'console';
  }
  const member = processMember(node);
  return member !== undefined && processMembers.has(member) ? `process.${member}` : undefined;
}

/** The member of `process` that a node reads, by access, destructuring or import. */
function processMember(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    return isProcess(node.expression) ? node.name.text : undefined;
  }
  if (ts.isElementAccessExpression(node)) {
    return isProcess(node.expression) && ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : undefined;
  }
  if (ts.isBindingElement(node) || ts.isImportSpecifier(node)) {
    return isFromProcess(node) ? (node.propertyName ?? node.name).getText() : undefined;
  }
  return undefined;
}

function isFromProcess(node: ts.BindingElement | ts.ImportSpecifier): boolean {
  if (ts.isBindingElement(node)) {
    const declaration = node.parent.parent;
    return ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined && isProcess(declaration.initializer);
  }
  return /^.(node:)?process.$/.test(node.parent.parent.parent.moduleSpecifier.getText());
}

function isProcess(node: ts.Node): boolean {
  return isGlobal(node, 'process') || (ts.isPropertyAccessExpression(node) && isGlobal(node.name, 'process'));
}

/** Whether a node is the global of that name, alone or as `globalThis.name`, and not a property of something else. */
function isGlobal(node: ts.Node, name: string): boolean {
  if (!ts.isIdentifier(node) || node.text !== name) {
    return false;
  }
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    return parent.expression.getText() === 'globalThis';
  }
  return !('name' in parent && parent.name === node) || ts.isShorthandPropertyAssignment(parent);
}
