import { allBlocks, type Block } from './markdown';

/** What a block of the documents is, and the test that runs all blocks of its kind. */
export interface Kind {
  readonly name: string;
  /** What running it means, in a few words. */
  readonly run: string;
  /** The file that takes every block of the kind from the documents and runs it. */
  readonly by: string;
  readonly matches: (block: Block) => boolean;
}

const SHOP = 'examples/nestjs-shop/README.md';
const REBALANCE = 'examples/rebalance/README.md';
const TESTING = 'docs/guide/testing.md';
const CLI = 'docs/guide/cli.md';
const ADD_A_SHARD = 'docs/guide/add-a-shard.md';
const isTs = ({ language }: Block) => language === 'ts';
const firstLine = ({ code }: Block) => code.slice(0, code.indexOf('\n'));

/** The kind of server that the first line names. */
export const serverOf = (block: Block) => /^(?:--|\/\/) (MariaDB|PostgreSQL)\b/.exec(firstLine(block))?.[1];

/** Tests, what they import, and pieces that go on with it. */
const isTesting = (block: Block) => isTs(block) && block.file === TESTING;
const isCli = ({ file }: Block) => file === CLI;
const isAddAShard = ({ file }: Block) => file === ADD_A_SHARD;
const isShop = ({ file }: Block) => file === SHOP;
const isServerPiece = (block: Block) => isTs(block) && serverOf(block) !== undefined;
const isOther = (block: Block) => !isCli(block) && !isAddAShard(block) && !isShop(block);

/** Every kind there is. A block that is of none, or of several, fails the tests. */
export const kinds: readonly Kind[] = [
  {
    name: 'quick start',
    run: 'installed, compiled and run in a new project',
    by: 'test/docs/quick-start.test.ts',
    matches: (block) => block.file === 'README.md' && block.heading === 'Quick start',
  },
  {
    name: 'piece',
    run: 'type-checked, run, and what it prints compared',
    by: 'test/docs/pieces.test.ts',
    matches: (block) =>
      isTs(block) &&
      isOther(block) &&
      !isTesting(block) &&
      !isServerPiece(block) &&
      !(block.file === 'README.md' && block.heading === 'Quick start'),
  },
  {
    name: 'server piece',
    run: 'put into the quick start and run on a server made by the SQL above it',
    by: 'test/docs/servers.test.ts',
    matches: (block) => isServerPiece(block),
  },
  {
    name: 'SQL',
    run: 'run on a server of its kind, and its rights tried',
    by: 'test/docs/servers.test.ts',
    matches: (block) => block.language === 'sql' && serverOf(block) !== undefined && !isAddAShard(block),
  },
  {
    name: 'testing guide',
    run: 'type-checked and run: tests as tests, pieces with what they import, and what they print compared',
    by: 'test/testing/guide.test.ts',
    matches: isTesting,
  },
  {
    name: 'installation',
    run: 'its packages are those that the tests here have',
    by: 'test/docs/readme.test.ts',
    matches: ({ file, language, code }) =>
      file.startsWith('docs/guide/') && file !== CLI && language === 'sh' && /^npm install /.test(code),
  },
  {
    name: 'diagram',
    run: 'compared with the layers that the imports are held to',
    by: 'test/docs/layers.test.ts',
    matches: ({ file, language }) => file === 'docs/architecture.md' && language === 'text',
  },
  {
    name: 'CLI recording',
    run: 'commands run against the cluster of the page, output compared',
    by: 'test/cli/recordings.test.ts',
    matches: (block) => isCli(block) && ['ts', 'console', 'sh', 'json'].includes(block.language),
  },
  {
    name: 'resharding recording',
    run: 'commands run one after the other on a server, interruptions included, output compared',
    by: 'test/cli/reshard-recordings.test.ts',
    matches: (block) => isAddAShard(block) && ['sql', 'ts', 'console'].includes(block.language),
  },
  {
    name: 'shop walk',
    run: 'followed from a fresh clone, with the time it takes',
    by: '.ci/walk-readme.js',
    matches: isShop,
  },
  {
    name: 'rebalance example',
    run: 'the example run, and what it prints compared',
    by: 'test/examples/rebalance.test.ts',
    matches: ({ file, language }) => file === REBALANCE && ['sh', 'text'].includes(language),
  },
];

/**
 * The kind of a block.
 *
 * @throws Error when it is of none, or of several.
 */
export function kindOf(block: Block): Kind {
  const found = kinds.filter(({ matches }) => matches(block));
  if (found.length === 1) return found[0]!;
  const place = `${block.file}:${block.line}: a block \`\`\`${block.language} "${firstLine(block)}"`;
  throw new Error(
    `${place} is ${found.length === 0 ? 'of no kind that a test runs' : `both ${found.map(({ name }) => name).join(' and ')}`}.`,
  );
}

/** All blocks of one kind, in the order of files and lines; for the test that runs them. */
export function blocksOf(name: string): readonly Block[] {
  const kind = kinds.find((each) => each.name === name);
  if (!kind) throw new Error(`There is no kind "${name}".`);
  return allBlocks().filter(kind.matches);
}
