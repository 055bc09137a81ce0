import { createRequire } from 'node:module';
import { LoadError } from './load-error';

/** The part of TypeScript's API that is used here. */
export interface TypeScriptCompiler {
  readonly version: string;
  readonly ModuleKind: { readonly ESNext: number; readonly Preserve?: number };
  readonly ScriptTarget: { readonly ES2022: number };
  flattenDiagnosticMessageText(message: unknown, newLine: string): string;
  transpileModule(
    source: string,
    options: { readonly compilerOptions: object; readonly fileName: string; readonly reportDiagnostics: boolean },
  ): { readonly outputText: string; readonly sourceMapText?: string; readonly diagnostics?: readonly TypeScriptDiagnostic[] };
}

/** A fault that TypeScript found. */
export interface TypeScriptDiagnostic {
  readonly messageText: unknown;
  readonly start?: number;
}

/**
 * Finds the TypeScript that the project itself is built with, so that its files mean the same here as in its build.
 *
 * @throws {LoadError} when there is none, or one without an API for programs.
 */
export function projectTypeScript(file: string, place: string): TypeScriptCompiler {
  const remedy = 'Give -d the JavaScript that your build makes of it, or install typescript 5 or 6 in the project.';
  for (const require of [createRequire(file), createRequire(__filename)]) {
    const path = resolved(require, 'typescript');
    if (path === undefined) continue;
    const found = require(path) as Partial<TypeScriptCompiler>;
    if (typeof found.transpileModule === 'function') return found as TypeScriptCompiler;
    throw new LoadError(`TypeScript ${found.version ?? ''} of the project has no API that could read it. ${remedy}`, place);
  }
  throw new LoadError(`it is TypeScript, and the project has no package typescript to read it with. ${remedy}`, place);
}

function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    // Not installed there; the caller looks elsewhere or says so.
    return undefined;
  }
}
