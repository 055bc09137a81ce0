import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { format } from 'node:util';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import ts from 'typescript';
import * as library from '../src';
import { ShardedDataSource, ShardingError, ShardKey } from '../src';
import { typeErrors } from './type-errors';

const root = join(__dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const readme = read('README.md');

/** The README's pieces of TypeScript, each with the heading above it. */
const pieces = [...readme.matchAll(/^```(?:ts|typescript)\n(.*?)^```$/gms)].map(({ 1: code, index }) => {
  const heading = [...readme.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? '';
  return { heading, code: code! };
});
const [quickStart, ...others] = pieces;

@Entity()
class User {
  @PrimaryColumn() @ShardKey() guid!: string;
  @Column() name!: string;
}

@Entity()
class Order {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => User) @Column() userGuid!: string;
}

/** What pieces may use of the quick start without declaring it, for the type check. */
const GLOBALS = `
import type { ShardedDataSource, ShardedRepository } from 'typeorm-sharding';
declare global {
  class User { guid: string; name: string }
  class Order { id: string; userGuid: string }
  const cluster: ShardedDataSource;
  const users: ShardedRepository<User>;
}`;

/** Runs a piece as a module and answers what it printed, line by line. */
async function run(code: string, surroundings: Record<string, unknown>): Promise<readonly string[]> {
  const printed: string[] = [];
  const load = createRequire(__filename);
  const given: Record<string, unknown> = {
    ...surroundings,
    console: { log: (...values: unknown[]) => printed.push(format(...values)) },
    exports: {},
    require: (name: string) =>
      name === 'typeorm-sharding' ? library : jest.requireActual(name.startsWith('node:') ? name : load.resolve(name)),
  };
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      useDefineForClassFields: false,
    },
  });
  const body = `return (async () => {${outputText}\n})()`;
  await new Function(...Object.keys(given), body)(...Object.values(given));
  return printed;
}

describe('The README', () => {
  it('starts with the quick start, word by word', () => {
    expect(quickStart?.heading).toBe('Quick start');
    expect(quickStart?.code).toBe(read('examples/quick-start/main.ts'));
  });

  it('holds TypeScript that type-checks', () => {
    const files = pieces.map(({ code }, index) => [`test/readme-piece-${index + 1}.mts`, `${code}\nexport {};\n`] as const);
    expect(typeErrors({ 'test/readme-globals.mts': GLOBALS, ...Object.fromEntries(files) })).toEqual([]);
  }, 60_000);

  it('is checked with types that would notice a mistake', () => {
    const wrong = 'const name: number = (await users.findOneByOrFail({ guid: 1 })).name;\nexport {};\n';
    expect(typeErrors({ 'test/readme-globals.mts': GLOBALS, 'test/readme-wrong.mts': wrong })).toHaveLength(2);
  }, 60_000);

  it('holds TypeScript that runs, one piece after the other, and prints what its comments say', async () => {
    const cluster = new ShardedDataSource({
      type: 'sqljs',
      entities: [User, Order],
      synchronize: true,
      shards: ['shard-1', 'shard-2', 'shard-3'],
    });
    await cluster.initialize();
    try {
      for (const { heading, code } of others) {
        const expected = [...code.matchAll(/^\s*\/\/ prints: (.*)$/gm)].map(([, text]) => text);
        const printed = await run(code, { cluster, users: cluster.getRepository(User), User, Order });
        expect({ heading, printed }).toEqual({ heading, printed: expected });
        expect(expected).not.toEqual([]);
      }
    } finally {
      await cluster.destroy();
    }
  }, 60_000);

  it('lists every error of the library by its code, and no other', () => {
    const listed = [...readme.matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code!);
    const classes = Object.values(library).filter((each) => typeof each === 'function' && each.prototype instanceof ShardingError);
    const sources = classes.map(({ name }) => read(`src/errors/${name.replace(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}.ts`));
    const codes = sources.map((source) => /override readonly code = '(ERR_\w+)'/.exec(source)?.[1]);
    expect([...listed].sort()).toEqual([...codes].sort());
    expect(new Set(listed).size).toBe(listed.length);
  });

  it('names commands that exist, and the versions that the package asks for', () => {
    const manifest = JSON.parse(read('package.json'));
    const commands = [...readme.matchAll(/npm (?:run )?(start|test|bench)\b/g)].map(([, script]) => script!);
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining([...new Set(commands)]));
    expect(`>=${/Node\.js \| ≥ ([\d.]+)/.exec(readme)?.[1]}`).toBe(manifest.engines.node);
    expect(manifest.peerDependencies.typeorm).toBe(`${/TypeORM \| (\^[\d.]+)/.exec(readme)?.[1]}.0`);
    expect(manifest.peerDependencies['better-sqlite3']).toContain('^12');
  });

  it('links only to files and headings that exist', () => {
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
    const anchors = [...readme.matchAll(/^#+ (.*)$/gm)].map(
      ([, heading]) =>
        `#${heading!
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replace(/ /g, '-')}`,
    );
    for (const link of links) {
      if (link.startsWith('#')) expect(anchors).toContain(link);
      else expect(() => read(link)).not.toThrow();
    }
  });
});
