import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeOn } from '../cluster/fixtures/describe-on';
import { type PrivateServer, serverKinds, startServer } from '../database';
import { typeErrors } from '../type-errors';
import { aimAt, kindNamed, runBlock, runIn } from './document-server';
import { blocksOf, serverOf } from './kinds';
import { type Block, root } from './markdown';
import { runPiece } from './run-piece';

const all = [...blocksOf('SQL'), ...blocksOf('server piece')].sort((a, b) => a.line - b.line);
const files = [...new Set(all.map(({ file }) => file))];
const quickStart = readFileSync(join(root, 'examples/quick-start/main.ts'), 'utf8');

/** The quick start with its cluster exchanged for that of the piece. */
function exchanged(piece: string): string {
  const code = quickStart.replace(/^ {2}const cluster = new ShardedDataSource\(.*\);$/m, piece);
  if (code === quickStart) throw new Error('The quick start does not make its cluster in one line.');
  return code;
}

/** As {@link exchanged}, ended before it returns; it prints as before. */
const awaited = (code: string) => code.replace('void main();', 'await main();');

describe('The pieces for servers in the documents', () => {
  it('type-check in the place of the cluster of the quick start', () => {
    const sources = blocksOf('server piece').map(({ file, line, code }) => [file.replace(/\.md$/, `-${line}.mts`), exchanged(code)]);
    expect(sources.length).toBeGreaterThan(3);
    expect(typeErrors(Object.fromEntries(sources))).toEqual([]);
  });
});

describeOn(serverKinds, 'The documents', (kind) => {
  describe.each(files)('in %s', (file) => {
    let server: PrivateServer;

    beforeAll(async () => {
      server = await startServer(kind);
    });

    afterAll(() => server?.stop());

    const own = all.filter((block) => block.file === file && kindNamed(serverOf(block)) === kind);

    it.each(own.map((block) => [block.line, block] as const))('work one after the other: line %i', async (_line, block: Block) => {
      if (block.language === 'sql') return runBlock(server, block);
      const printed = await runPiece(awaited(exchanged(aimAt(server, block.code))));

      expect(printed.slice(0, 2)).toEqual([
        "User { guid: 'ada', name: 'Ada' }",
        expect.stringMatching(/^ada lives on (shard-\d), like her orders: \1$/),
      ]);
    });

    it('leave the user of the quick start on one of the two databases', async () => {
      const table = kind === 'mariadb' ? '`user`' : '"user"';
      const counts = await Promise.all(['shop_1', 'shop_2'].map((name) => runIn(server, name, `SELECT COUNT(*) AS n FROM ${table}`)));
      expect(counts.map(([row]) => Number(row!.n)).sort()).toEqual([0, 1]);
    });
  });
});
