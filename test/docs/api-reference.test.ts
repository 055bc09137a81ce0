import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentTestRun } from '../database/test-run';
import { isLongRun } from '../long-run';
import { root } from './markdown';

/** Runs typedoc as `npm run docs` does, with its output elsewhere. */
function typedoc(folder: string, ...args: readonly string[]) {
  const program = join(root, 'node_modules', 'typedoc', 'bin', 'typedoc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--out', join(folder, 'api'), ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, output: `${stdout}${stderr}` };
}

describe('The API reference', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(currentTestRun().files, 'api-'));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // Short runs leave it to the stage `docs` of .ci/run.
  if (isLongRun) {
    it('is made from every entry of the package, with all that they export documented and every link leading somewhere', () => {
      const { status, output } = typedoc(folder);

      expect(output).not.toMatch(/warning|error/i);
      expect(status).toBe(0);
      for (const page of ['classes/index.ShardedDataSource.html', 'functions/index.hashRing.html', 'modules/nestjs.html']) {
        expect({ page, made: existsSync(join(folder, 'api', page)) }).toEqual({ page, made: true });
      }
    }, 120_000);
  }

  it('is refused for an export without a comment and for a link that leads nowhere', () => {
    const entry = join(folder, 'undocumented.ts');
    writeFileSync(entry, 'export const bare = 1;\n/** See {@link nowhere}. */\nexport const linked = 2;\n');
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { strict: true }, files: [entry] }));
    const settings = { extends: join(root, 'typedoc.json'), entryPoints: [entry], tsconfig: join(folder, 'tsconfig.json') };
    writeFileSync(join(folder, 'typedoc.json'), JSON.stringify(settings));
    const { status, output } = typedoc(folder, '--options', join(folder, 'typedoc.json'));

    expect(output).toMatch(/bare.* does not have any documentation/);
    expect(output).toMatch(/Failed to resolve link to "nowhere"/);
    expect(status).not.toBe(0);
  }, 120_000);
});
