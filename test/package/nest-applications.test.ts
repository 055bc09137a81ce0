import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isLongRun } from '../long-run';
import { run } from './command';
import { makeNestProject, type NestProject } from './nest-project';

const node16 = { module: 'node16', moduleResolution: 'node16' };
const nodenext = { module: 'nodenext', moduleResolution: 'nodenext' };
/** Those of short runs are the farthest from each other. */
const applications: readonly NestProject[] = [
  // As the projects that older versions of Nest's command line have made.
  { nest: 11, type: 'commonjs', modules: { module: 'commonjs', moduleResolution: 'node10' } },
  // NestJS 12 is ES modules: `nodenext` and `node20` let TypeScript know that CommonJS may require them, `node16` and `node18` do not.
  { nest: 12, type: 'commonjs', modules: nodenext },
  ...(isLongRun
    ? ([
        { nest: 11, type: 'commonjs', modules: node16 },
        { nest: 11, type: 'module', modules: node16 },
        { nest: 12, type: 'module', modules: nodenext },
      ] as const)
    : []),
];

describe.each(applications)('An application on NestJS $nest of type $type, with modules of $modules.module', ({ nest, type, modules }) => {
  let project: string;

  beforeAll(async () => {
    project = await makeNestProject({ nest, type, modules });
    for (const file of ['main.ts', 'users.ts']) copyFileSync(join(__dirname, 'consumers', 'nest-app', file), join(project, 'src', file));
  }, 120_000);

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it('compiles with all types checked, answers over HTTP, shares one library with what is required, and ends with nothing left', () => {
    const { version } = JSON.parse(readFileSync(join(project, 'node_modules/@nestjs/core/package.json'), 'utf8'));
    expect(version).toMatch(new RegExp(`^${nest}\\.`));
    run(process.execPath, [require.resolve('typescript/bin/tsc')], project);

    expect(JSON.parse(run(process.execPath, ['out/main.js'], project))).toEqual({
      answers: {
        added: 201,
        refused: 400,
        found: { guid: 'ada', name: 'Ada', shard: expect.stringMatching(/^s[123]$/) },
        missing: 404,
        reached: 1,
        health: 'ok',
      },
      identity: {
        copies: { '@nestjs/common': 1, '@nestjs/typeorm': 1, typeorm: 1 },
        sameClass: true,
        sameToken: true,
        sameRepositoryToken: true,
        injects: true,
        isDataSource: true,
        isTheDataSource: true,
        isSharded: true,
      },
      isInitialized: false,
      left: [],
    });
  }, 120_000);
});
