import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentTestRun } from '../database/test-run';
import { install, root } from './pack';
import { packedLibrary } from './packed-library';

const ROOT = join(root, 'node_modules');
const NEST_PACKAGES = ['common', 'core', 'platform-express', 'terminus', 'testing', 'typeorm'].map((name) => `@nestjs/${name}`);
const OTHERS = ['typeorm', 'sql.js', 'rxjs', 'reflect-metadata', 'class-validator', 'class-transformer', '@types/node'];

/** Where each version of NestJS is installed for the tests. */
const NESTS = { 11: ROOT, 12: join(root, '.ci', 'nest-12', 'node_modules') } as const;

/** A user's project on NestJS. */
export interface NestProject {
  readonly nest: keyof typeof NESTS;
  readonly type: 'commonjs' | 'module';
  /** What its tsconfig.json says of modules. */
  readonly modules: { readonly module: string; readonly moduleResolution: string };
  /** Other members of its package.json. */
  readonly settings?: object;
  /** Names of packages that it has beside NestJS and the library. */
  readonly extra?: readonly string[];
}

/**
 * Makes a project with the packed library, the packages that its user installs, and no others.
 *
 * @returns Its folder, with a tsconfig.json that checks all types, and an empty `src`.
 */
export async function makeNestProject({ nest, type, modules, settings, extra = [] }: NestProject): Promise<string> {
  const project = mkdtempSync(join(currentTestRun().files, 'nest-project-'));
  const compilerOptions = {
    target: 'ES2022',
    ...modules,
    strict: true,
    esModuleInterop: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
    outDir: 'out',
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'application', private: true, type, ...settings }));
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  mkdirSync(join(project, 'src'));
  const nestPackages = NEST_PACKAGES.map((name) => [name, NESTS[nest]] as const);
  install(await packedLibrary(), project, [...OTHERS, ...extra, ...nestPackages]);
  return project;
}
