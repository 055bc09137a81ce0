import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Walker {
  readonly blocksOf: (readme: string) => readonly { readonly line: number; readonly code: string; readonly expected?: string }[];
  readonly isAsShown: (output: string, shown: string) => boolean;
}

const walker = join(__dirname, '../../.ci/walk-readme.js');
const { blocksOf, isAsShown }: Walker = require(walker);
const sh = (code: string) => `\`\`\`sh\n${code}\n\`\`\`\n`;
const text = (output: string) => `\`\`\`text\n${output}\n\`\`\`\n`;

describe('walk-readme', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'test-walk-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  /** Walks through a README with temporary files in a folder of the test's own. */
  const walk = async (readme: string, ...args: string[]) => {
    const file = join(folder, 'README.md');
    writeFileSync(file, readme);
    const child = spawn(process.execPath, [walker, file, ...args], { env: { ...process.env, TMPDIR: folder } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk;
      });
    const [code] = await once(child, 'close');
    return { code, output, left: readdirSync(folder).filter((name) => name !== 'README.md') };
  };

  it('runs all blocks in one shell and compares what they print', async () => {
    const readme = `${sh('cd /tmp\nNAME=Ada')}${text('')}${sh('pwd; echo "Hello, $NAME" >&2')}Some words.\n${text('/tmp\nHello, …')}`;

    const { code, output, left } = await walk(readme);

    expect({ code, left }).toEqual({ code: 0, left: [] });
    expect(output).toMatch(/^ +\d+\.\d s {2}line 2: cd \/tmp {2}… printed what is shown$/m);
    expect(output).toMatch(/^ +\d+\.\d s {2}2 blocks in all$/m);
  });

  it('fails at the first output that differs, and shows both', async () => {
    const { code, output, left } = await walk(`${sh('echo one')}${text('two')}${sh('echo never')}`);

    expect({ code, left }).toEqual({ code: 1, left: [] });
    expect(output).toContain('The block at line 2 printed:\n    one\n  but shown is:\n    two\n');
    expect(output).not.toContain('echo never');
  });

  it('fails at the first command that fails, in the middle of a block too', async () => {
    const { code, output, left } = await walk(sh('echo before\nfalse\necho after'));

    expect({ code, left }).toEqual({ code: 1, left: [] });
    expect(output).toContain('The block at line 2 ended the shell with 1. It printed:\n    before\n');
    expect(output).not.toContain('after');
  });

  it('ends what is left in the background', async () => {
    const { code, left } = await walk(sh('sleep 1000 &\necho $!'));

    expect({ code, left }).toEqual({ code: 0, left: [] });
  });

  it('fails when it takes longer than the limit, and ends what runs', async () => {
    const { code, output, left } = await walk(sh('sleep 1000'), '--limit', '0.02');

    expect({ code, left }).toEqual({ code: 1, left: [] });
    expect(output).toContain('It took longer than 0.02 minutes.');
  });

  it('fails for a README without blocks, and tells its usage without one', async () => {
    expect(await walk('Nothing.')).toMatchObject({ code: 1, output: expect.stringContaining('has no sh block') });
    expect(await walk('Nothing.', 'two.md')).toMatchObject({ code: 2, output: expect.stringContaining('Usage:') });
  });

  it.each([
    ['a\n', 'a', true],
    ['a  \n\n', '\na', true],
    ['a\nb', 'a', false],
    ['a', 'a\nb', false],
    ['{ "id": "7" }', '{ "id": "…" }', true],
    ['a\nb\nc\nd', 'a\n…\nd', true],
    ['a\nb', '…b', false],
    ['a.b', 'a+b', false],
  ])('takes the output %j as %j: %j', (output, shown, expected) => {
    expect(isAsShown(output, shown)).toBe(expected);
  });

  it('takes only the first block of text after a piece of shell as its output', () => {
    const readme = `${text('alone')}${sh('one')}${text('1')}${text('more')}${sh('two')}`;

    expect(blocksOf(readme)).toEqual([
      { line: 5, code: 'one\n', expected: '1\n' },
      { line: 14, code: 'two\n' },
    ]);
  });
});
