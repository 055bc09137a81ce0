import { format } from 'node:util';
import ts from 'typescript';

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.CommonJS,
  target: ts.ScriptTarget.ES2022,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  useDefineForClassFields: false,
};

/**
 * Runs a piece of TypeScript as a module in this process. It may await at its top.
 *
 * @param given - what the piece uses without declaring it, by name.
 * @returns What it printed by `console.log`, call by call.
 */
export async function runPiece(code: string, given: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
  const printed: string[] = [];
  const surroundings: Readonly<Record<string, unknown>> = {
    ...given,
    console: { log: (...values: unknown[]) => printed.push(format(...values)) },
    exports: {},
    require: (name: string) => jest.requireActual(name),
  };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  await new Function(...Object.keys(surroundings), `return (async () => {${outputText}\n})()`)(...Object.values(surroundings));
  return printed;
}

/** What the comments of a piece say that it prints. */
export function expectedPrints(code: string): readonly string[] {
  return [...code.matchAll(/^\s*\/\/ prints: (.*)$/gm)].map(([, text]) => text!);
}
