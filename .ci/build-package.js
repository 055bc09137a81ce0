/**
 * Builds the package: CommonJS and declarations by tsc, and ES modules over the same instance.
 *
 *   node .ci/build-package.js [folder]    // dist by default
 *
 * An ES module of an entry only re-exports the CommonJS one, so that `import` and `require` in one process see the same classes and
 * registries. Its names are written out, since Node finds the names of a CommonJS module by guessing from its text. Only `nestjs`, which
 * holds no state and imports the library by its name, is compiled in both formats: NestJS 11 is CommonJS, NestJS 12 is ES modules.
 */
const { execFileSync } = require('node:child_process');
const { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } = require('node:fs');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '..');
const folder = resolve(process.argv[2] ?? join(root, 'dist'));

/** The entries with state, by the path of their CommonJS module without its ending. */
const entries = ['index', 'testing/index'].filter((entry) => existsSync(join(root, 'src', `${entry}.ts`)));

function tsc(...args) {
  execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), ...args], { stdio: 'inherit' });
}

/** Compiles src into a folder that is emptied first, so that no file of a module that is gone gets packed. */
function compile() {
  rmSync(folder, { recursive: true, force: true });
  tsc('-p', join(root, 'tsconfig.build.json'), '--outDir', folder, '--tsBuildInfoFile', join(folder, 'library.tsbuildinfo'));
  const command = join(folder, 'cli', 'main.js');
  if (existsSync(command)) chmodSync(command, 0o755);
}

/** Writes the ES module of an entry and its types beside its CommonJS module. */
function writeModule(entry) {
  const file = join(folder, entry);
  const own = entry.split('/').at(-1);
  const names = Object.keys(require(`${file}.js`)).sort();
  const lines = [`import library from './${own}.js';`, '', 'export const {', ...names.map((name) => `  ${name},`), '} = library;', ''];
  writeFileSync(`${file}.mjs`, lines.join('\n'));
  writeFileSync(`${file}.d.mts`, `export * from './${own}.js';\n`);
}

/** Compiles `nestjs` once more, as ES modules against the declarations of the build. */
function compileNestModules() {
  const outDir = join(folder, 'nestjs', 'esm');
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, 'package.json'), `${JSON.stringify({ type: 'module' })}\n`);
  const config = join(outDir, 'tsconfig.json');
  const compilerOptions = {
    module: 'esnext',
    moduleResolution: 'bundler',
    noEmit: false,
    declaration: true,
    stripInternal: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
    rootDir: join(root, 'src', 'nestjs'),
    outDir,
    paths: { 'typeorm-sharding': [join(folder, 'index.d.ts')] },
  };
  writeFileSync(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: [join(root, 'src', 'nestjs')] }));
  tsc('-p', config);
  rmSync(config);
}

compile();
entries.forEach(writeModule);
compileNestModules();
