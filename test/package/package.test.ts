import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentTestRun } from '../database/test-run';
import { run } from './command';
import { install, listFiles, root } from './pack';
import { packedLibrary } from './packed-library';

const compilerOptions = {
  target: 'ES2022',
  module: 'node16',
  moduleResolution: 'node16',
  strict: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
  outDir: 'out',
};

describe('The packed library', () => {
  let folder: string;
  let tarball: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(currentTestRun().files, 'package-'));
    tarball = await packedLibrary();
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A project as a user has it, of package.json's `type`. */
  function makeProject(type: 'commonjs' | 'module'): string {
    const project = join(folder, type);
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type }));
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['save-and-find.ts'] }));
    for (const file of ['save-and-find.ts', 'one-instance.mjs']) {
      copyFileSync(join(__dirname, 'consumers', file), join(project, file));
    }
    install(tarball, project, ['typeorm', 'sql.js', '@types/node']);
    return project;
  }

  it('holds the build, its types and the documents, and no sources or tests', () => {
    const files = listFiles(tarball);

    expect(files).toEqual(
      expect.arrayContaining(
        [
          'index.js',
          'index.mjs',
          'index.d.ts',
          'index.d.mts',
          'nestjs/index.js',
          'nestjs/index.d.ts',
          'nestjs/esm/index.js',
          'nestjs/esm/index.d.ts',
          'nestjs/esm/package.json',
          'testing/index.js',
          'testing/index.mjs',
          'testing/index.d.ts',
          'testing/index.d.mts',
          'cli/main.js',
        ].map((name) => `package/dist/${name}`),
      ),
    );
    expect(files.filter((path) => !path.startsWith('package/dist/')).sort()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
        .filter((name) => existsSync(join(root, name)))
        .map((name) => `package/${name}`),
    );
    expect(files.filter((path) => !/\.(js|mjs|d\.ts|d\.mts|md|json)$|LICENSE$/.test(path))).toEqual([]);
  });

  describe.each(['commonjs', 'module'] as const)('in a project of type %s', (type) => {
    let project: string;

    beforeAll(() => {
      project = makeProject(type);
    });

    it('compiles with all types checked, saves a row and finds it', () => {
      run(process.execPath, [require.resolve('typescript/bin/tsc')], project);

      expect(JSON.parse(run(process.execPath, ['out/save-and-find.js'], project))).toEqual({
        name: 'Grace',
        owner: expect.stringMatching(/^[ab]$/),
        isRefused: true,
        isDataSource: true,
      });
    }, 60_000);

    it('is one instance for import and require', () => {
      expect(JSON.parse(run(process.execPath, ['one-instance.mjs'], project))).toEqual({ exports: expect.any(Number), differing: [] });
    });
  });
});
