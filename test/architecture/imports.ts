import { posix } from 'node:path';
import ts from 'typescript';
import { nodesOf, type Source } from './source';

/** What a file imports, types included. */
export interface Imports {
  readonly path: string;

  /** Files of the library, as {@link Source.path}. */
  readonly files: readonly string[];

  /** Packages, without a path inside them, and Node's own modules. */
  readonly packages: readonly string[];
}

/**
 * Finds what each file imports: statements, re-exports, `import()` as call and as type, `require()`.
 *
 * @throws Error for a relative import that names none of the files.
 */
export function importsOf(sources: readonly Source[]): readonly Imports[] {
  const known = new Set(sources.map(({ path }) => path));
  return sources.map(({ path, ast }) => {
    const specifiers = [...nodesOf(ast)].flatMap(specifierOf);
    return {
      path,
      files: specifiers.filter(isRelative).map((specifier) => resolve(path, specifier, known)),
      packages: specifiers.filter((specifier) => !isRelative(specifier)).map(packageOf),
    };
  });
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.');
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function resolve(importer: string, specifier: string, known: ReadonlySet<string>): string {
  const target = posix.join(posix.dirname(importer), specifier).replace(/\/$/, '').replace(/\.js$/, '');
  const found = [target, posix.join(target, 'index')].find((candidate) => known.has(candidate));
  if (found === undefined) {
    throw new Error(`${importer}.ts imports ${specifier}, which is no file of src.`);
  }
  return found;
}

function specifierOf(node: ts.Node): readonly string[] {
  const literal = moduleOf(node);
  return literal !== undefined && ts.isStringLiteralLike(literal) ? [literal.text] : [];
}

function moduleOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return node.moduleSpecifier;
  }
  if (ts.isExternalModuleReference(node)) {
    return node.expression;
  }
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  }
  return ts.isCallExpression(node) && isImportFunction(node.expression) ? node.arguments[0] : undefined;
}

function isImportFunction(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}
