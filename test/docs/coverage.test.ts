import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coverage, coverageLines } from './coverage';
import { kindOf, kinds } from './kinds';
import { markdownFiles, parseMarkdown, root } from './markdown';

describe('The code blocks of the documents', () => {
  it('are all run by a test', () => {
    const found = coverage();
    expect(found.uncovered).toEqual([]);
    expect(coverageLines(found).at(-1)).toMatch(/^(\d+) of \1 code blocks are run by a test: 100\.0 %$/);
  });

  it.each(kinds.filter(({ by }) => by.startsWith('test/docs/')))(
    'of the kind "$name" are taken from the documents by $by',
    ({ name, by }) => {
      expect(readFileSync(join(root, by), 'utf8')).toContain(`blocksOf('${name}')`);
    },
  );
});

describe('kindOf', () => {
  const blockOf = (text: string) => parseMarkdown('docs/new.md', text).blocks[0]!;

  it.each(['```bash\nls\n```', '```\nls\n```', '```sql\nSELECT 1;\n```', '```json\n{}\n```'])(
    'refuses a block that no test runs: %j',
    (text) => {
      expect(() => kindOf(blockOf(text))).toThrow('docs/new.md:1');
    },
  );

  it('knows a piece and SQL for a server by their first lines', () => {
    expect(kindOf(blockOf('```ts\nconst a = 1;\n```')).name).toBe('piece');
    expect(kindOf(blockOf('```sql\n-- MariaDB\nSELECT 1;\n```')).name).toBe('SQL');
  });
});

describe('parseMarkdown', () => {
  it.each(['```ts\nconst a = 1;\n', '* a list\n  ```ts\n  const a = 1;\n  ```\n', '~~~ts\nconst a = 1;\n~~~\n'])(
    'refuses code that would go unseen: %j',
    (text) => {
      expect(() => parseMarkdown('docs/new.md', text)).toThrow('docs/new.md');
    },
  );

  it('reads blocks with their headings, and links and anchors outside of them', () => {
    const text = '# A title: `x` & y\n\n[a](b.md#c)\n\n```sh\n# no heading\n[no](link)\n```\n';
    expect(parseMarkdown('docs/new.md', text)).toEqual({
      file: 'docs/new.md',
      blocks: [{ file: 'docs/new.md', line: 5, heading: 'A title: `x` & y', language: 'sh', code: '# no heading\n[no](link)\n' }],
      links: [{ file: 'docs/new.md', line: 3, target: 'b.md#c' }],
      anchors: ['a-title-x--y'],
    });
  });

  it('finds the documents', () => {
    expect(markdownFiles()).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/architecture.md', 'docs/guide/calls.md']));
  });
});
