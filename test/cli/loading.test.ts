import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Project } from './fixtures/project';
import { shopCluster, shopEntities } from './fixtures/shop';

jest.setTimeout(120_000);

const packages = ['typeorm', 'sql.js', 'typescript'];

describe.each(['commonjs', 'module'] as const)('A file that exports a cluster, in a project of type %s', (type) => {
  let project: Project;

  beforeAll(async () => {
    project = await Project.make(packages, { type });
    project.write({ ...shopEntities, 'src/cluster.ts': shopCluster });
  });

  const routeOfAda = { entity: 'User', shard: 's3', position: '154538115554951', table: 'user' };
  async function expectRoute(path: string): Promise<void> {
    const { code, stdout, stderr } = await project.run('-d', path, 'route', 'User', 'ada', '--json');
    expect({ code, stderr, answer: JSON.parse(stdout) }).toEqual({ code: 0, stderr: '', answer: routeOfAda });
  }

  it('is read from TypeScript, with column types from the properties and circular imports', async () => {
    await expectRoute('src/cluster.ts');
    const { stdout } = await project.run('-d', 'src/cluster.ts', 'describe', '--json');
    expect(JSON.parse(stdout).entities).toMatchObject([
      { entity: 'User', key: [{ property: 'guid', type: 'string' }] },
      { entity: 'Order', parent: 'User', key: [{ property: 'userGuid', type: 'string' }] },
    ]);
  });

  it('may end in .mts and await at the top', async () => {
    const awaiting = shopCluster.replace('= new', '= await Promise.resolve(new').replace('] });', '] }));');
    project.write({ 'src/awaiting.mts': `${awaiting}export const here = import.meta.url;\n` });
    await expectRoute('src/awaiting.mts');
  });

  it('may end in .cts and export as CommonJS does', async () => {
    const exporting = shopCluster
      .replace('export const cluster =', 'export =')
      .replace("import { User } from './user';", "import users = require('./user');");
    project.write({ 'src/exporting.cts': exporting.replace('[User, Order]', '[users.User, Order]') });
    await expectRoute('src/exporting.cts');
  });

  it('may name the files that it imports by the endings of JavaScript, and by paths of tsconfig.json', async () => {
    project.write({
      'tsconfig.json': JSON.stringify({ compilerOptions: { paths: { '@shop/*': ['./src/*'] } } }),
      'src/paths.ts': shopCluster.replace("'./order'", "'@shop/order'").replace("'./user'", "'./user.js'"),
    });
    await expectRoute('src/paths.ts');
  });

  it.each([
    ['a promise', 'export const cluster = Promise.resolve(make());'],
    ['an asynchronous function, whatever its name', 'export { User };\nexport const open = async () => make();'],
    ['a default function among others', 'export const other = () => 1;\nexport default function () { return make(); }'],
    ['the same cluster under two names', 'const one = make();\nexport { one, one as two };\nexport default one;'],
  ])('may export %s', async (_, text) => {
    project.write({ 'src/made.ts': `${shopCluster.replace('export const cluster =', 'const make = () =>')}${text}\n` });
    await expectRoute('src/made.ts');
  });

  it('is read from JavaScript of either kind by Node itself', async () => {
    const schema = `new EntitySchema({ name: 'User', columns: { guid: { type: String, primary: true } } })`;
    const body = `const User = ${schema};\ndeclareSharding(User, { key: ['guid'] });\nconst cluster = new ShardedDataSource({ type: 'sqljs', entities: [User], shards: ['s1', 's2', 's3'] });\n`;
    project.write({
      'cluster.mjs': `import { EntitySchema } from 'typeorm';\nimport { declareSharding, ShardedDataSource } from 'typeorm-sharding';\n${body}export default cluster;\n`,
      'cluster.cjs': `const { EntitySchema } = require('typeorm');\nconst { declareSharding, ShardedDataSource } = require('typeorm-sharding');\n${body}module.exports = { cluster, User };\n`,
    });
    await expectRoute('cluster.mjs');
    await expectRoute('cluster.cjs');
  });
});

describe('A file that cannot be used', () => {
  let project: Project;

  beforeAll(async () => {
    project = await Project.make(packages);
    project.write({ ...shopEntities, 'src/cluster.ts': shopCluster });
  });

  async function failure(path: string, text?: string) {
    if (text !== undefined) project.write({ [path]: text });
    const { code, stdout, stderr } = await project.run('-d', path, 'describe');
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/^\s+at |node:internal/m);
    return { code, stderr: stderr.trimEnd() };
  }

  it.each([
    ['bad.ts', 'interface A {\n  a: string;\n}\nexport const x = {;\n', 'bad.ts:4: Property assignment expected.'],
    ['imports.ts', "import { x } from './bad';\nexport const y = x;\n", 'bad.ts:4: Property assignment expected.'],
    ['bad.cjs', '\nconst x = {;\n', "bad.cjs:2: SyntaxError: Unexpected token ';'"],
    ['bad.mjs', '\nexport const x = {;\n', "bad.mjs:2: SyntaxError: Unexpected token ';'"],
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
  ])('is named with its line: %s', async (path, text, message) => {
    const { code, stderr } = await failure(path, text);
    expect(stderr).toEqual(message instanceof RegExp ? expect.stringMatching(message) : message);
    expect(code).toBe(1);
  });

  it.each([
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
  ])('is a fault of usage where the file itself is sound: %s', async (path, text, message) => {
    expect(await failure(path, text)).toEqual({ code: 2, stderr: message });
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
