import { inMemory } from '../../examples/layouts/databases';
import { run } from '../../examples/layouts/main';
import { experiments, keys, layoutOf, UserHomeLayout } from '../../examples/layouts/published';
import { differencesOf, movesBetween, reportOf } from '../../examples/layouts/report';
import { type Outcome, runExperiment } from '../../examples/layouts/run-experiment';
import { serverKinds } from '../database';
import { isLongRun } from '../long-run';
import { type ExampleResult, runExample } from './fixtures/run-example';

const MAIN = 'examples/layouts/main.ts';

/** The rows of the report's tables: what is published, what was counted, and the verdict. */
function tableRows(stdout: string): readonly (readonly string[])[] {
  const rows = [...stdout.matchAll(/^ {2}(\S+:3306\S*) +(\d+) +(\d+) {2}(\w+)$/gm)];
  return rows.map(([, shard, published, here, verdict]) => [shard!, published!, here!, verdict!]);
}

/** Runs the program without a process of its own, for what ends at once. */
async function inThisProcess(args: readonly string[]): Promise<ExampleResult> {
  const [stdout, stderr] = [[], []] as string[][];
  const into = (texts: string[]) => ({ write: (text: string) => texts.push(text) > 0 }) as NodeJS.WriteStream;
  const code = await run(args, { stdout: into(stdout!), stderr: into(stderr!), signal: new AbortController().signal });
  return { code, stdout: stdout!.join(''), stderr: stderr!.join('') };
}

/** The third shard joins twice: as a new cluster, and online. */
const threeShards = [
  ['localhost:3306', '3322', '3322', 'same'],
  ['10.10.140.27:3306', '3199', '3199', 'same'],
  ['10.10.116.88:3306', '3479', '3479', 'same'],
];

const publishedRows = [
  ['localhost:3306', '5283', '5283', 'same'],
  ['10.10.140.27:3306', '4717', '4717', 'same'],
  ['localhost:3306:1', '2492', '2492', 'same'],
  ['localhost:3306:2', '2610', '2610', 'same'],
  ['10.10.140.27:3306:1', '2362', '2362', 'same'],
  ['10.10.140.27:3306:2', '2536', '2536', 'same'],
  ...threeShards,
  ...threeShards,
];

describe('The layouts example', () => {
  describe('run on SQLite in memory', () => {
    let result: ExampleResult;

    beforeAll(async () => {
      result = await runExample(MAIN, []);
    }, 120_000);

    it('counts what was published, to the row, and ends with 0', () => {
      expect(tableRows(result.stdout)).toEqual(publishedRows);
      expect(result.stdout).toContain('All counts are as published, to the row.');
      expect(result.code).toBe(0);
    });

    it('reads all layouts back as they were written, and says how fast', () => {
      const sentences = result.stdout.match(/10000 layouts written at [\d,]+ rows\/s, read back at [\d,]+ rows\/s, all as written/g);
      expect(sentences).toHaveLength(3);
    });

    it('moves keys only to the shard that joined: as many as it has', () => {
      const moves = [...result.stdout.matchAll(/^ {2}(\S+) -> (\S+) +(\d+)$/gm)];
      expect(moves.map(([, from, to]) => [from, to])).toEqual([
        ['localhost:3306', '10.10.116.88:3306'],
        ['10.10.140.27:3306', '10.10.116.88:3306'],
      ]);
      expect(moves.map(([, , , count]) => Number(count)).reduce((sum, count) => sum + count, 0)).toBe(3479);
    });

    it('adds a shard while a writer goes on, and loses none of its writes', () => {
      const [, moved] = /^ {2}(\d+) rows moved in \d+ chunks/m.exec(result.stdout) ?? [];
      const [, acknowledged] = /^ {2}(\d+) writes acknowledged meanwhile, none lost$/m.exec(result.stdout) ?? [];
      expect(Number(moved)).toBe(3479);
      expect(Number(acknowledged)).toBeGreaterThan(0);
    });

    it('says where it is, on stderr, a line now and then', () => {
      expect(result.stderr.split('\n')).toContain('Two shards: write 5000/10000');
      expect(result.stderr.split('\n').length).toBeLessThan(20);
    });

    it('says what to try next', () => {
      expect(result.stdout).toContain('npm start -- --mysql');
    });
  });

  it('stopped by Ctrl-C ends cleanly with 130', async () => {
    const { code, stderr, stdout } = await runExample(MAIN, [], (story, child) => {
      if (story.includes('5000/10000')) child.kill('SIGINT');
    });
    expect(code).toBe(130);
    expect(stderr).toContain('Stopped.');
    expect(stdout).not.toContain('published');
  }, 60_000);

  it('given --help tells its usage', async () => {
    expect(await inThisProcess(['--help'])).toEqual({ code: 0, stdout: expect.stringContaining('Usage: npm start'), stderr: '' });
  });

  it.each([[['--postgres']], [['10']]])('given the unknown arguments %j tells its usage on stderr and ends with 2', async (args) => {
    expect(await inThisProcess(args)).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: npm start') });
  });

  // Short runs have the same counts on MariaDB from the rebalance example.
  for (const kind of serverKinds.filter((each) => isLongRun && each === 'mariadb')) {
    it(`given --mysql counts the same on three ${kind} servers`, async () => {
      const { code, stdout } = await runExample(MAIN, ['--mysql']);
      expect(stdout).toContain('3 MariaDB servers');
      expect(tableRows(stdout)).toEqual(publishedRows);
      expect(code).toBe(0);
    }, 120_000);
  }
});

describe('The report of the layouts example', () => {
  const { twoShards, threeShards } = experiments;
  const owners = new Map([
    ['k1', 'localhost:3306'],
    ['k2', '10.10.140.27:3306'],
  ]);
  const good: Outcome = { experiment: twoShards, counts: twoShards.published, owners, wrong: 0, writtenSeconds: 1, readSeconds: 1 };
  const joined: Outcome = { ...good, experiment: threeShards, counts: threeShards.published };

  it('finds no difference where all is as published', () => {
    expect(differencesOf([good, joined], movesBetween(good, joined))).toEqual([]);
  });

  it('names a count that differs, by one row already, and marks it in the table', () => {
    const bad = { ...good, counts: { 'localhost:3306': 5282, '10.10.140.27:3306': 4718 } };
    expect(differencesOf([bad], new Map())).toEqual([
      'Two shards: localhost:3306 has 5282 rows, published are 5283.',
      'Two shards: 10.10.140.27:3306 has 4718 rows, published are 4717.',
    ]);
    expect(tableRows(reportOf(bad)).map(([, , , verdict]) => verdict)).toEqual(['DIFFERENT', 'DIFFERENT']);
  });

  it('names layouts that were read back otherwise', () => {
    expect(differencesOf([{ ...good, wrong: 3 }], new Map())).toEqual(['Two shards: 3 layouts were read back otherwise than written.']);
  });

  it('names keys that moved elsewhere than to the shard that joined', () => {
    const astray = { ...joined, owners: new Map([...owners, ['k1', '10.10.140.27:3306']]) };
    expect(differencesOf([], movesBetween(good, astray))).toEqual([
      '1 keys moved localhost:3306 -> 10.10.140.27:3306, although only 10.10.116.88:3306 joined.',
    ]);
  });
});

describe('An experiment of the layouts example', () => {
  it('notices layouts that come back otherwise than they were written', async () => {
    const progress = { begin: () => {}, advance: () => {}, end: () => {}, say: () => {} };
    const get = jest
      .spyOn(UserHomeLayout, 'get')
      .mockImplementation(async (guid) => (guid === keys[7] ? [0] : layoutOf(keys.indexOf(guid))));
    try {
      const laboratory = { databases: inMemory(), progress, signal: new AbortController().signal };
      expect(await runExperiment(experiments.twoShards, laboratory)).toMatchObject({ wrong: 1, counts: experiments.twoShards.published });
    } finally {
      get.mockRestore();
    }
  }, 60_000);
});
