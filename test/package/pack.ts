import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './command';

/** The project's folder. */
export const root = join(__dirname, '..', '..');

const filesBesideBuild = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];

/**
 * Builds the library and packs it as `npm publish` would, without touching the project's own `dist`, which others may be using.
 * Where `TEST_BUILD` names a fresh build, as in `.ci/run`, it packs a copy of that.
 *
 * @param folder - an empty folder to work in.
 * @returns The path of the tarball.
 */
export function pack(folder: string): string {
  for (const file of filesBesideBuild.filter((name) => existsSync(join(root, name)))) {
    copyFileSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { TEST_BUILD: built } = process.env;
  if (built) cpSync(built, join(folder, 'dist'), { recursive: true });
  else run(process.execPath, [join(root, '.ci', 'build-package.js'), join(folder, 'dist')], folder);
  const [tarball] = JSON.parse(run('npm', ['pack', '--ignore-scripts', '--json'], folder)) as [{ filename: string }];
  return join(folder, tarball.filename);
}

/** Paths of the files in a tarball. */
export function listFiles(tarball: string): readonly string[] {
  return run('tar', ['-tzf', tarball], dirname(tarball)).trim().split('\n');
}

/**
 * Unpacks a tarball into a project's `node_modules`, beside links to what its package.json asks for and to `extra`, and to nothing else: what
 * the library uses without declaring it is not found.
 *
 * @param extra - names of packages, or names with the folder of `node_modules` that they are taken from.
 */
export function install(tarball: string, project: string, extra: readonly (string | readonly [name: string, from: string])[]): void {
  const installed = join(project, 'node_modules', 'typeorm-sharding');
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], project);
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { dependencies: object };
  for (const each of [...Object.keys(dependencies), ...extra]) {
    const [name, from] = typeof each === 'string' ? [each, join(root, 'node_modules')] : each;
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(join(from, name), link);
  }
}
