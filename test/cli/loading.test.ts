import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, Project } from './fixtures/project';
import { shopCluster, shopEntities } from './fixtures/shop';

jest.setTimeout(120_000);

const packages = ['typeorm', 'sql.js', 'typescript'];

const awaiting = shopCluster.replace('= new', '= await Promise.resolve(new').replace('] });', '] }));');
const exporting = shopCluster
  .replace('export const cluster =', 'export =')
  .replace("import { User } from './user';", "import users = require('./user');");
const schema = `new EntitySchema({ name: 'User', columns: { guid: { type: String, primary: true } } })`;
const body = `const User = ${schema};\ndeclareSharding(User, { key: ['guid'] });\nconst cluster = new ShardedDataSource({ type: 'sqljs', entities: [User], shards: ['s1', 's2', 's3'] });\n`;
const making = `${shopCluster.replace('export const cluster =', 'const make = () =>')}`;

/** What a file may be, its path, and its text. */
const usable: readonly (readonly [about: string, path: string, text: string])[] = [
  ['end in .mts and await at the top', 'src/awaiting.mts', `${awaiting}export const here = import.meta.url;\n`],
  ['end in .cts and export as CommonJS does', 'src/exporting.cts', exporting.replace('[User, Order]', '[users.User, Order]')],
  [
    'name the files that it imports by the endings of JavaScript, and by paths of tsconfig.json',
    'src/paths.ts',
    shopCluster.replace("'./order'", "'@shop/order'").replace("'./user'", "'./user.js'"),
  ],
  ['export a promise', 'src/promise.ts', `${making}export const cluster = Promise.resolve(make());\n`],
  [
    'export an asynchronous function, whatever its name',
    'src/asynchronous.ts',
    `${making}export { User };\nexport const open = async () => make();\n`,
  ],
  [
    'export a default function among others',
    'src/function.ts',
    `${making}export const other = () => 1;\nexport default function () { return make(); }\n`,
  ],
  [
    'export the same cluster under two names',
    'src/two-names.ts',
    `${making}const one = make();\nexport { one, one as two };\nexport default one;\n`,
  ],
  [
    'be an ES module of JavaScript, read by Node itself',
    'cluster.mjs',
    `import { EntitySchema } from 'typeorm';\nimport { declareSharding, ShardedDataSource } from 'typeorm-sharding';\n${body}export default cluster;\n`,
  ],
  [
    'be CommonJS of JavaScript, read by Node itself',
    'cluster.cjs',
    `const { EntitySchema } = require('typeorm');\nconst { declareSharding, ShardedDataSource } = require('typeorm-sharding');\n${body}module.exports = { cluster, User };\n`,
  ],
];

describe.each(['commonjs', 'module'] as const)('A file that exports a cluster, in a project of type %s', (type) => {
  let project: Project;
  let answers: readonly Ended[];

  beforeAll(async () => {
    project = await Project.make(packages, { type });
    project.write({ ...shopEntities, 'src/cluster.ts': shopCluster });
    project.write({ 'tsconfig.json': JSON.stringify({ compilerOptions: { paths: { '@shop/*': ['./src/*'] } } }) });
    for (const [, path, text] of usable) project.write({ [path]: text });
    answers = await project.runAll(usable.map(([, path]) => routeOfAda(path)));
  });

  const routeOfAda = (path: string) => ['-d', path, 'route', 'User', 'ada', '--json'];
  function expectRoute({ code, stdout, stderr }: Ended): void {
    const answer = { entity: 'User', shard: 's3', position: '154538115554951', table: 'user' };
    expect({ code, stderr, answer: JSON.parse(stdout) }).toEqual({ code: 0, stderr: '', answer });
  }

  it('is read from TypeScript, with column types from the properties and circular imports', async () => {
    expectRoute(await project.run(...routeOfAda('src/cluster.ts')));
    const { stdout } = await project.run('-d', 'src/cluster.ts', 'describe', '--json');
    expect(JSON.parse(stdout).entities).toMatchObject([
      { entity: 'User', key: [{ property: 'guid', type: 'string' }] },
      { entity: 'Order', parent: 'User', key: [{ property: 'userGuid', type: 'string' }] },
    ]);
  });

  it('is read from an ES module of JavaScript by the command itself', async () => {
    expectRoute(await project.run(...routeOfAda('cluster.mjs')));
  });

  it.each(usable.map(([about], index) => [about, index] as const))('may %s', (_, index) => {
    expectRoute(answers[index]!);
  });
});

/** Path, text, and what is said of it. */
type Fault = readonly [path: string, text: string | undefined, message: string | RegExp];

const unsound: readonly Fault[] = [
  ['bad.ts', 'interface A {\n  a: string;\n}\nexport const x = {;\n', 'bad.ts:4: Property assignment expected.'],
  ['imports.ts', "import { x } from './bad';\nexport const y = x;\n", 'bad.ts:4: Property assignment expected.'],
  ['unsound.cjs', '\nconst x = {;\n', "unsound.cjs:2: SyntaxError: Unexpected token ';'"],
  ['unsound.mjs', '\nexport const x = {;\n', "unsound.mjs:2: SyntaxError: Unexpected token ';'"],
  [
    'throws.ts',
    'interface A {\n  a: string;\n}\nfunction f(): never {\n  throw new TypeError("no vault");\n}\nf();\n',
    'throws.ts:5: TypeError: no vault',
  ],
  [
    'rejects.ts',
    'type A = string;\n\nexport const c = (async () => {\n  await null;\n  throw new Error("no vault");\n})();\n',
    'rejects.ts:5: no vault',
  ],
  ['throws.mjs', '\nthrow new Error("no vault");\n', 'throws.mjs:2: no vault'],
  [
    'late.ts',
    'setTimeout(() => {\n  throw new Error("late");\n});\nexport const c = new Promise(() => {});\n',
    'late\nRun it with --stack to see where.',
  ],
  ['text.ts', "throw 'a text';\n", 'text.ts: it threw something that is no error'],
  ['file.ts', "type A = 1;\n\nimport { x } from './gone';\nexport const y = x;\n", /^file\.ts(:\d)?: cannot find the file \.\/gone$/],
  ['file.mjs', "import './gone.mjs';\n", 'file.mjs: cannot find the file gone.mjs'],
  [
    'package.ts',
    "import x from 'not-installed';\nexport const y = x;\n",
    /^package\.ts(:\d)?: cannot find the package not-installed; is it installed\?$/,
  ],
  ['package.cjs', "\nrequire('not-installed');\n", 'package.cjs:2: cannot find the package not-installed; is it installed?'],
];

/** Sound by themselves. */
const withoutCluster: readonly Fault[] = [
  ['gone.ts', undefined, 'There is no file gone.ts.'],
  ['notes.txt', '', 'notes.txt ends in none of .ts, .mts, .cts, .js, .mjs, .cjs.'],
  ['empty.ts', '', 'empty.ts exports no ShardedDataSource; it exports nothing. Export exactly one.'],
  [
    'none.ts',
    "import { DataSource } from 'typeorm';\nexport class A {}\nexport const plain = new DataSource({ type: 'sqljs' });\n",
    'none.ts exports no ShardedDataSource; it exports A (class), plain (DataSource). Export exactly one.',
  ],
  [
    'two.ts',
    "import { ShardedDataSource } from 'typeorm-sharding';\nconst make = () => new ShardedDataSource({ type: 'sqljs', entities: [], shards: ['a'] });\nexport const [a, b] = [make(), make()];\n",
    'two.ts exports 2 clusters (a, b); export exactly one ShardedDataSource.',
  ],
];

/** Where it counts what the process does with an error that nobody caught. */
const ownProcess = ['rejects.ts', 'late.ts'];

describe('A file that cannot be used', () => {
  let project: Project;
  /** How the command ended for files whose lines ran in one process. */
  const known = new Map<string, Ended>();

  beforeAll(async () => {
    project = await Project.make(packages);
    project.write({ ...shopEntities, 'src/cluster.ts': shopCluster });
    const faults = [...unsound, ...withoutCluster];
    for (const [path, text] of faults) if (text !== undefined) project.write({ [path]: text });
    const together = faults.map(([path]) => path).filter((path) => !ownProcess.includes(path));
    const answers = await project.runAll(together.map((path) => ['-d', path, 'describe']));
    for (const [index, path] of together.entries()) known.set(path, answers[index]!);
  });

  async function failure(path: string, text?: string) {
    if (text !== undefined) project.write({ [path]: text });
    const { code, stdout, stderr } = known.get(path) ?? (await project.run('-d', path, 'describe'));
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/^\s+at |node:internal/m);
    return { code, stderr: stderr.trimEnd() };
  }

  it.each(unsound)('is named with its line: %s', async (path, _, message) => {
    const { code, stderr } = await failure(path);
    expect(stderr).toEqual(message instanceof RegExp ? expect.stringMatching(message) : message);
    expect(code).toBe(1);
  });

  it.each(withoutCluster)('is a fault of usage where the file itself is sound: %s', async (path, _, message) => {
    expect(await failure(path)).toEqual({ code: 2, stderr: message });
  });

  it('says so when its cluster is of another copy of the library', async () => {
    cpSync(join(project.folder, 'node_modules/typeorm-sharding'), join(project.folder, 'copy'), { recursive: true });
    const { code, stderr } = await failure(
      'copy.cjs',
      "const { ShardedDataSource } = require('./copy');\nexports.c = new ShardedDataSource({ type: 'sqljs', entities: [], shards: ['a'] });\n",
    );
    expect(stderr).toContain('c of copy.cjs is a ShardedDataSource of another copy of typeorm-sharding');
    expect(code).toBe(2);
  });

  it('says what to install when the project has no TypeScript', async () => {
    rmSync(join(project.folder, 'node_modules/typescript'));
    const { code, stderr } = await failure('src/cluster.ts');
    expect(stderr).toContain('src/cluster.ts: it is TypeScript, and the project has no package typescript to read it with.');
    expect(code).toBe(1);
    project.write({ 'node_modules/typescript/index.js': "exports.version = '7.0.2';\n" });
    expect((await failure('src/cluster.ts')).stderr).toContain('TypeScript 7.0.2 of the project has no API that could read it.');
  });

  it('shows where with --stack, and keeps credentials of URLs to itself', async () => {
    project.write({ 'vault.cjs': "throw new Error('no answer of mysql://root:hunter22@db/shop');\n" });
    const { code, stderr } = await project.run('-d', 'vault.cjs', 'describe', '--stack');
    expect(stderr).toContain('vault.cjs:1: no answer of mysql://db/shop\n');
    expect(stderr).toMatch(/caused by: Error: no answer[^\n]+\n\s+at .*vault\.cjs:1/);
    expect(stderr).not.toContain('hunter22');
    expect(code).toBe(1);
  });
});
