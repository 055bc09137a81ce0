import { pathToFileURL } from 'node:url';
import { createJiti } from 'jiti';
import type { TypeScriptSource } from './typescript-source';

type Transform = NonNullable<NonNullable<Parameters<typeof createJiti>[1]>['transform']>;

const TYPESCRIPT = /\.[cm]?tsx?$/;

/**
 * Loads a module of the user's project and gives what it exports.
 *
 * JavaScript is Node's own business. TypeScript goes through jiti, which finds files as TypeScript does (without endings, `.js` for
 * `.ts`, `paths` of tsconfig.json) and leaves packages to Node, so that the project's `typeorm` and `typeorm-sharding` are those that
 * a plain `require` gives. The step from TypeScript to JavaScript is the project's compiler, since jiti's own knows no decorated
 * property that is declared with `!`.
 */
export async function loadModule(file: string, source: TypeScriptSource): Promise<Readonly<Record<string, unknown>>> {
  if (!TYPESCRIPT.test(file)) return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const modules = createJiti(file);
  const transform: Transform = (options) => {
    const { filename = file } = options;
    if (!TYPESCRIPT.test(filename)) return { code: modules.transform(options) };
    return { code: modules.transform({ ...options, source: source.compile(options.source, filename), ts: false }) };
  };
  const jiti = createJiti(file, { fsCache: false, interopDefault: false, tsconfigPaths: true, transform });
  return jiti.import<Record<string, unknown>>(file);
}
