import { SourceMap, type SourceMapPayload } from 'node:module';
import { LoadError } from './load-error';
import type { TypeScriptCompiler, TypeScriptDiagnostic } from './project-typescript';

/**
 * Turns TypeScript into JavaScript with decorators and their metadata, as TypeORM's entities need it, and remembers which line came
 * from which. Imports stay as they are.
 */
export class TypeScriptSource {
  readonly #maps = new Map<string, SourceMap>();
  #fault: LoadError | undefined;

  constructor(
    readonly compiler: () => TypeScriptCompiler,
    readonly placeOf: (file: string, line?: number) => string,
  ) {}

  /** The first fault of syntax found. */
  get fault(): LoadError | undefined {
    return this.#fault;
  }

  /** @throws {LoadError} for the first fault of syntax. */
  compile(source: string, file: string): string {
    const compiler = this.compiler();
    const { outputText, sourceMapText, diagnostics } = compiler.transpileModule(source, {
      compilerOptions: compilerOptions(compiler),
      fileName: file,
      reportDiagnostics: true,
    });
    const [fault] = diagnostics ?? [];
    if (fault) {
      this.#fault ??= this.#syntaxFault(fault, source, file);
      throw this.#fault;
    }
    if (sourceMapText) this.#maps.set(file, new SourceMap(JSON.parse(sourceMapText) as SourceMapPayload));
    return outputText.replace(/\n\/\/# sourceMappingURL=\S*\s*$/, '\n');
  }

  /** The line of the source that a line of the JavaScript came from; 1-based. Files that were not compiled here are their own source. */
  originalLine(file: string, line: number, column: number): number {
    const map = this.#maps.get(file);
    if (!map) return line;
    const entry = map.findEntry(line - 1, column);
    return 'originalLine' in entry ? entry.originalLine + 1 : line;
  }

  #syntaxFault({ messageText, start }: TypeScriptDiagnostic, source: string, file: string): LoadError {
    const line = start === undefined ? undefined : source.slice(0, start).split('\n').length;
    return new LoadError(this.compiler().flattenDiagnosticMessageText(messageText, ' '), this.placeOf(file, line));
  }
}

/** What decides the meaning of entities is fixed; what only decides the look of the JavaScript does not matter here. */
function compilerOptions({ ModuleKind, ScriptTarget }: TypeScriptCompiler): object {
  return {
    target: ScriptTarget.ES2022,
    module: ModuleKind.Preserve ?? ModuleKind.ESNext,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    useDefineForClassFields: false,
    esModuleInterop: true,
    isolatedModules: true,
    sourceMap: true,
  };
}
