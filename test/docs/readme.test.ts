import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as library from '../../src';
import { ShardingError } from '../../src';
import { blocksOf } from './kinds';
import { root } from './markdown';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const readme = read('README.md');
const manifest = JSON.parse(read('package.json'));

/** What a row of the table of versions says, by the first cell. */
const versionOf = (name: string) => new RegExp(`^\\| ${name} \\| ([^|]+) \\|`, 'm').exec(readme)?.[1];

describe('The README', () => {
  it('lists every error of the library by its code, and no other', () => {
    const listed = [...readme.matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code!);
    const classes = Object.values(library).filter((each) => typeof each === 'function' && each.prototype instanceof ShardingError);
    const sources = classes.map(({ name }) => read(`src/errors/${name.replace(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}.ts`));
    const codes = sources.map((source) => /override readonly code = '(ERR_\w+)'/.exec(source)?.[1]);
    expect([...listed].sort()).toEqual([...codes].sort());
    expect(new Set(listed).size).toBe(listed.length);
  });

  it('names the versions that the package asks for', () => {
    const { peerDependencies, engines } = manifest;
    expect(versionOf('Node.js')).toBe(`≥ ${engines.node.slice(2)}`);
    expect(peerDependencies.typeorm).toBe(`${versionOf('TypeORM')}.0`);
    expect(versionOf('SQLite')).toBe('`better-sqlite3` 12, `sql.js` 1');
    expect([peerDependencies['better-sqlite3'], peerDependencies['sql.js']].map((range) => range.split('.')[0])).toEqual(['^12', '^1']);
    expect(versionOf('NestJS')).toMatch(/^11 or 12\b/);
    expect(peerDependencies['@nestjs/common']).toBe('^11.0.0 || ^12.0.0');
  });

  it('names commands that exist', () => {
    const commands = [...readme.matchAll(/`[^`]*\bnpm (?:run )?([a-z][a-z:]*)[^`]*`/g)].map(([, script]) => script!);
    const unknown = commands.filter((name) => !['ci', 'install'].includes(name) && manifest.scripts[name] === undefined);
    expect(commands).toEqual(expect.arrayContaining(['start', 'test', 'bench', 'docs']));
    expect(unknown).toEqual([]);
    for (const [, folder] of readme.matchAll(/npx jest (\S+?)`/g)) expect(existsSync(join(root, folder!))).toBe(true);
    expect(existsSync(join(root, /node build\/(examples\/\S+)\.js/.exec(readme)![1]!.concat('.ts')))).toBe(true);
  });
});

describe('The guides', () => {
  it.each(blocksOf('installation').map(({ file, line, code }) => [file, line, code] as const))(
    'install only what this package goes with: %s:%i',
    (_file, _line, code) => {
      const lines = code.trim().split('\n');
      const names = lines.flatMap((line) =>
        line
          .replace(/^npm install (--save-dev )?/, '')
          .replace(/\s*#.*$/, '')
          .split(' '),
      );
      const { name, peerDependencies, dependencies, devDependencies } = manifest;
      expect(lines.filter((line) => !line.startsWith('npm install '))).toEqual([]);
      expect(names.filter((each) => each !== name && !(each in { ...peerDependencies, ...dependencies, ...devDependencies }))).toEqual([]);
    },
  );
});
