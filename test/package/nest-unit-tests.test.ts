import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { run } from './command';
import { makeNestProject } from './nest-project';
import { root } from './pack';

const TESTS = 3;
const JEST_GLOBALS = "import { afterAll as after, beforeAll as before, describe, it } from '@jest/globals';";

/** As Nest's command line writes it, but for the place of the transformer's settings. */
const JEST = {
  moduleFileExtensions: ['js', 'json', 'ts'],
  rootDir: 'src',
  testRegex: '.*\\.spec\\.ts$',
  transform: { '^.+\\.(t|j)s$': 'ts-jest' },
  testEnvironment: 'node',
};

describe("A user's unit tests of a NestJS application", () => {
  let project: string | undefined;

  afterEach(() => {
    if (project !== undefined) rmSync(project, { recursive: true, force: true });
    project = undefined;
  });

  const users = readFileSync(join(__dirname, 'consumers', 'nest-app', 'users.ts'), 'utf8');
  const suite = readFileSync(join(__dirname, 'consumers', 'nest-app', 'users.suite.ts'), 'utf8');

  it('pass in jest on NestJS 11, with all types checked', async () => {
    project = await makeNestProject({
      nest: 11,
      type: 'commonjs',
      modules: { module: 'commonjs', moduleResolution: 'node10' },
      settings: { jest: JEST },
      extra: ['jest', 'ts-jest', 'typescript', '@jest/globals'],
    });
    writeFileSync(join(project, 'src', 'users.ts'), users);
    const spec = suite.replace(/^import .* from 'node:test';$/m, JEST_GLOBALS).replace("'./users.js'", "'./users'");
    writeFileSync(join(project, 'src', 'users.spec.ts'), spec);

    const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    const result = JSON.parse(run(process.execPath, [jest, '--json', '--detectOpenHandles'], project));
    expect(result).toMatchObject({ success: true, numPassedTests: TESTS, numTotalTests: TESTS, openHandles: [] });
  }, 180_000);

  it.each(['commonjs', 'module'] as const)(
    'pass in the test runner of Node.js on NestJS 12 as %s',
    async (type) => {
      project = await makeNestProject({ nest: 12, type, modules: { module: 'nodenext', moduleResolution: 'nodenext' } });
      const module = type === 'module' ? ts.ModuleKind.ES2022 : ts.ModuleKind.CommonJS;
      const compilerOptions = { module, target: ts.ScriptTarget.ES2022, experimentalDecorators: true, emitDecoratorMetadata: true };
      for (const [name, text] of [['users', users] as const, ['users.test', suite] as const]) {
        const { outputText } = ts.transpileModule(text, { compilerOptions: { ...compilerOptions, esModuleInterop: true } });
        writeFileSync(join(project, `${name}.js`), outputText);
      }

      const output = run(process.execPath, ['--test', '--test-reporter=tap', 'users.test.js'], project);
      expect(output).toMatch(new RegExp(`^# pass ${TESTS}$`, 'm'));
      expect(output).toMatch(/^# fail 0$/m);
    },
    120_000,
  );
});
