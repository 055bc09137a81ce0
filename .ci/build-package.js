/**
 * Builds the package: CommonJS and declarations by tsc, and an ES module over the same instance.
 *
 *   node .ci/build-package.js [folder]    // dist by default
 *
 * The ES module only re-exports the CommonJS one, so that `import` and `require` in one process see the same classes and registries.
 * Its names are written out, since Node finds the names of a CommonJS module by guessing from its text.
 */
const { execFileSync } = require('node:child_process');
const { rmSync, writeFileSync } = require('node:fs');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '..');

/** Compiles src into a folder that is emptied first, so that no file of a module that is gone gets packed. */
function compile(folder) {
  rmSync(folder, { recursive: true, force: true });
  const tsc = require.resolve('typescript/bin/tsc');
  const buildInfo = join(folder, 'library.tsbuildinfo');
  const args = [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', folder, '--tsBuildInfoFile', buildInfo];
  execFileSync(process.execPath, args, { stdio: 'inherit' });
}

/** Writes `index.mjs` and its types beside `index.js`. */
function writeModule(folder) {
  const names = Object.keys(require(join(folder, 'index.js'))).sort();
  const lines = ["import library from './index.js';", '', 'export const {', ...names.map((name) => `  ${name},`), '} = library;', ''];
  writeFileSync(join(folder, 'index.mjs'), lines.join('\n'));
  writeFileSync(join(folder, 'index.d.mts'), "export * from './index.js';\n");
}

const folder = resolve(process.argv[2] ?? join(root, 'dist'));
compile(folder);
writeModule(folder);
