import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf, filesOf, isAsRecorded, recordedIn } from './fixtures/guide';
import { Project } from './fixtures/project';

jest.setTimeout(120_000);

const guide = readFileSync(join(__dirname, '../../docs/guide/cli.md'), 'utf8');
const recordings = blocksOf(guide, 'console');

describe('The guide to the command line', () => {
  let project: Project;

  beforeAll(async () => {
    project = await Project.make(['typeorm', 'sql.js', 'mysql2', 'typescript']);
    project.write(filesOf(guide));
    const bin = join(project.folder, 'node_modules/.bin');
    mkdirSync(bin);
    symlinkSync('../typeorm-sharding/dist/cli/main.js', join(bin, 'typeorm-sharding'));
  });

  /** Runs the commands in one shell, so that `$?` means what it says. */
  function play(commands: readonly string[]): readonly string[] {
    const mark = '-- end of a command --';
    const script = commands.map((command) => `${command}\nstatus=$?; printf '%s\\n' '${mark}'; (exit $status)`).join('\n');
    const { stdout } = spawnSync('bash', ['-c', `exec 2>&1\n${script}`], { cwd: project.folder, encoding: 'utf8' });
    return stdout.split(`${mark}\n`).slice(0, -1);
  }

  it('has recordings', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(6);
  });

  it.each(recordings.map((block) => [recordedIn(block)[0]?.command, block]))('shows what really happens: %s', (_, block) => {
    const recorded = recordedIn(block as string);
    const outputs = play(recorded.map(({ command }) => command));
    const differing = recorded.map(({ output }, index) => (isAsRecorded(outputs[index] ?? '', output) ? output : outputs[index]));
    expect(differing).toEqual(recorded.map(({ output }) => output));
  });
});
