import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '..');

/**
 * Type-checks sources as if they were files of the repository, with the package's own names leading to `src`.
 *
 * @param sources - Text by file name; `.mts` for modules that await at the top.
 * @returns One line for each error: file, line and what TypeScript says.
 */
export function typeErrors(sources: Readonly<Record<string, string>>): readonly string[] {
  const options = compilerOptions();
  const files = new Map(Object.entries(sources).map(([name, text]) => [join(root, name), text]));
  const program = ts.createProgram([...files.keys()], options, hostWith(files, options));
  return [...files.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(describe);
  });
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  return { ...options, noUnusedLocals: false, noEmit: true, paths: absolute(options.paths) };
}

function absolute(paths: ts.MapLike<string[]> = {}): ts.MapLike<string[]> {
  return Object.fromEntries(Object.entries(paths).map(([name, files]) => [name, files.map((file) => join(root, file))]));
}

function hostWith(files: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options, true);
  const { readFile, fileExists, getSourceFile } = host;
  return {
    ...host,
    readFile: (file) => files.get(file) ?? readFile(file),
    fileExists: (file) => files.has(file) || fileExists(file),
    getSourceFile: (file, languageOrOptions, ...rest) => {
      const text = files.get(file);
      return text === undefined
        ? getSourceFile(file, languageOrOptions, ...rest)
        : ts.createSourceFile(file, text, languageOrOptions, true);
    },
  };
}

function describe({ file, start, messageText }: ts.Diagnostic): string {
  const line =
    file && start !== undefined ? `${file.fileName.slice(root.length + 1)}:${file.getLineAndCharacterOfPosition(start).line + 1}` : '';
  return `${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
}
