import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type PrivateServer, serverKinds, startServer } from '../database';
import { aimAt, runBlock } from '../docs/document-server';
import { readDocument, root } from '../docs/markdown';
import { blocksOf, filesOf, isAsRecorded, recordedIn } from './fixtures/guide';
import { Project } from './fixtures/project';

jest.setTimeout(240_000);

const PAGE = 'docs/guide/add-a-shard.md';
const guide = readFileSync(join(root, PAGE), 'utf8');
const recordings = blocksOf(guide, 'console');

/** What the reader of the page has already. */
const before = `-- MariaDB
CREATE DATABASE shop_1;
CREATE DATABASE shop_2;
CREATE USER 'shop'@'%' IDENTIFIED BY 'secret';
GRANT ALL ON shop_1.* TO 'shop'@'%';
GRANT ALL ON shop_2.* TO 'shop'@'%';
`;
const fill = `const { cluster, Customer } = require('./before.js');
cluster.initialize().then(async () => {
  const rows = Array.from({ length: 2000 }, (_, index) => ({ id: 'customer-' + index, name: 'Customer ' + index }));
  for (let from = 0; from < rows.length; from += 500) await cluster.getRepository(Customer).insert(rows.slice(from, from + 500));
  await cluster.destroy();
});
`;

/** `^C` of a recording is where the person at the terminal presses it; terminals show it, and no command prints it. */
const INTERRUPT = '^C';

describe('The guide to adding a shard', () => {
  it('has recordings of the plan, an interrupted start, its resumption, and the audit', () => {
    const commands = recordings.flatMap((block) => recordedIn(block).map(({ command }) => command));
    expect(commands.map((command) => command.replace('npx typeorm-sharding -d cluster.ts ', ''))).toEqual(
      expect.arrayContaining(['provision', 'reshard plan --add s3', 'reshard resume', 'audit', 'reshard status']),
    );
    expect(recordings.filter((block) => block.includes(INTERRUPT))).toHaveLength(1);
  });

  if (serverKinds.includes('mariadb')) {
    let server: PrivateServer;
    let project: Project;

    beforeAll(async () => {
      server = await startServer('mariadb');
      const [sql] = readDocument(PAGE).blocks.filter(({ language }) => language === 'sql');
      for (const code of [before, sql!.code]) await runBlock(server, { ...sql!, code });
      project = await Project.make(['typeorm', 'mysql2', 'typescript']);
      const cluster = aimAt(server, filesOf(guide)['cluster.ts']!);
      project.write({ 'cluster.ts': cluster, 'before.js': compiled(withoutNews(cluster)), 'fill.js': fill });
      expect(await project.node(['fill.js'])).toEqual({ code: 0, stdout: '', stderr: '' });
      const bin = join(project.folder, 'node_modules/.bin');
      mkdirSync(bin);
      symlinkSync('../typeorm-sharding/dist/cli/main.js', join(bin, 'typeorm-sharding'));
    });

    afterAll(() => server?.stop());

    it.each(recordings.map((block) => [recordedIn(block)[0]?.command, block]))('shows what really happens: %s', async (_, block) => {
      let code = 0;
      for (const { command, output } of recordedIn(block as string)) {
        const ended = await play(project.folder, command.replace('$?', String(code)), output);
        code = ended.code;
        const expected = output.replace(INTERRUPT, '');
        expect(isAsRecorded(ended.output, expected) ? expected : ended.output).toBe(expected);
      }
    });
  }
});

/** The file as it was before the new shard, and before processes shared a topology. */
function withoutNews(code: string): string {
  const lines = code.split('\n');
  const old = lines.filter((line) => !/name: 's3'|^ {2}topology:|^ {2}resharding:/.test(line));
  expect(lines).toHaveLength(old.length + 3);
  return old.join('\n');
}

function compiled(code: string): string {
  const { ES2022 } = ts.ScriptTarget;
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ES2022, experimentalDecorators: true, emitDecoratorMetadata: true };
  return ts.transpileModule(code, { compilerOptions: { ...compilerOptions, useDefineForClassFields: false } }).outputText;
}

/** Runs a command as at a terminal: Ctrl-C, once all before `^C` was written, reaches the whole process group, and the shell outlives it. */
async function play(folder: string, command: string, recorded: string): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn('bash', ['-c', `exec 2>&1\ntrap : INT\n${command}`], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [before, after] = recorded.split(INTERRUPT);
  let output = '';
  let isInterrupted = after === undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
    if (isInterrupted || !isAsRecorded(output, before!)) return;
    isInterrupted = true;
    interrupt(child);
  });
  const [code] = await once(child, 'close');
  return { code: code ?? -1, output };
}

function interrupt({ pid }: ChildProcess): void {
  process.kill(-pid!, 'SIGINT');
}
