import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { currentTestRun } from '../database/test-run';
import { run } from '../package/command';
import { install, root } from '../package/pack';
import { packedLibrary } from '../package/packed-library';

const TESTS = 6;

const JEST_GLOBALS = "import { afterAll as after, afterEach, beforeAll as before, describe, it } from '@jest/globals';";

const compilerOptions = {
  target: 'ES2022',
  module: 'node16',
  moduleResolution: 'node16',
  strict: true,
  esModuleInterop: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
  outDir: 'out',
};

describe("A user's suite over the packed library", () => {
  let folder: string;
  let tarball: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(currentTestRun().files, 'runners-'));
    tarball = await packedLibrary();
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A project as a user has it, with no suite yet. */
  function makeProject(name: string, type: 'commonjs' | 'module', packages: readonly string[]): string {
    const project = join(folder, name);
    mkdirSync(join(project, 'out'), { recursive: true });
    const jest = { testEnvironment: 'node', testMatch: ['<rootDir>/out/*.test.js'], transform: {} };
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name, private: true, type, jest }));
    install(tarball, project, ['typeorm', ...packages]);
    return project;
  }

  const read = (file: string) => readFileSync(join(__dirname, 'consumers', file), 'utf8');
  const suite = () => [['shop', read('shop.ts')] as const, ['users.test', read('users.suite.ts')] as const];

  it.each(['commonjs', 'module'] as const)(
    'compiles with all types checked, and passes in the test runner of Node.js as %s',
    (type) => {
      const project = makeProject(`node-${type}`, type, ['sql.js', '@types/node']);
      for (const [name, text] of suite()) writeFileSync(join(project, `${name}.ts`), text);
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
      run(process.execPath, [require.resolve('typescript/bin/tsc')], project);

      const output = run(process.execPath, ['--test', '--test-reporter=tap', 'out/users.test.js'], project);

      expect(output).toMatch(new RegExp(`^# pass ${TESTS}$`, 'm'));
      expect(output).toMatch(/^# fail 0$/m);
    },
    120_000,
  );

  it.each([
    ['commonjs', ts.ModuleKind.CommonJS, []],
    ['module', ts.ModuleKind.ES2022, ['--experimental-vm-modules']],
  ] as const)(
    'passes in jest as %s',
    (type, module, flags) => {
      const project = makeProject(`jest-${type}`, type, ['sql.js', '@jest/globals']);
      for (const [name, text] of suite()) {
        const options = { module, target: ts.ScriptTarget.ES2022, esModuleInterop: true, experimentalDecorators: true };
        const forJest = text.replace(/^import .* from 'node:test';$/m, JEST_GLOBALS);
        const { outputText } = ts.transpileModule(forJest, { compilerOptions: { ...options, emitDecoratorMetadata: true } });
        writeFileSync(join(project, 'out', `${name}.js`), outputText);
      }

      const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
      const result = JSON.parse(run(process.execPath, [...flags, jest, '--json', '--detectOpenHandles'], project));

      expect(result).toMatchObject({ success: true, numPassedTests: TESTS, numTotalTests: TESTS, openHandles: [] });
    },
    120_000,
  );

  it('is told what to install where sql.js is missing', () => {
    const project = makeProject('without', 'commonjs', []);
    const script = `require('typeorm-sharding/testing').createTestCluster({ entities: [] }).catch((error) =>
      console.log(JSON.stringify({ code: error.code, message: error.message, cause: error.cause.code })));`;
    expect(JSON.parse(run(process.execPath, ['-e', script], project))).toEqual({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('npm install --save-dev sql.js'),
      cause: 'MODULE_NOT_FOUND',
    });
  }, 60_000);
});
