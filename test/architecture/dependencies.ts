import { isBuiltin } from 'node:module';
import type { Imports } from './imports';

/** The parts of package.json that say what a user gets. */
export interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** One sentence for each runtime dependency that a document does not name as code: every one needs its reason there. */
export function unexplainedDependencies(manifest: Manifest, document: string): readonly string[] {
  return Object.keys(manifest.dependencies ?? {})
    .filter((name) => !document.includes(`\`${name}\``))
    .map((name) => `${name} is a dependency without a reason in docs/architecture.md.`);
}

/**
 * One sentence for each package that a file imports and a user would not have. Only `nestjs` imports the library by its own name: it is
 * built in two formats, which must share one instance of everything else.
 */
export function undeclaredPackages(manifest: Manifest, imports: readonly Imports[]): readonly string[] {
  const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
  return imports.flatMap(({ path, packages }) => {
    const isOwnName = (name: string) => name === manifest.name && path.startsWith('nestjs/');
    const undeclared = packages.filter((name) => !isBuiltin(name) && !declared.has(name) && !isOwnName(name));
    return undeclared.map((name) => `${path}.ts imports ${name}, which package.json does not declare.`);
  });
}
