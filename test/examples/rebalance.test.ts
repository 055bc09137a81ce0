import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { experiments } from '../../examples/layouts/published';
import { run } from '../../examples/rebalance/main';
import type { Rebalancing } from '../../examples/rebalance/rebalance';
import { rebalancingFaults, reportRebalancing } from '../../examples/rebalance/report';
import { databaseKinds } from '../database';
import { currentTestRun } from '../database/test-run';
import { blocksOf } from '../docs/kinds';
import { isLongRun } from '../long-run';
import { type ExampleResult, runExample } from './fixtures/run-example';

const MAIN = 'examples/rebalance/main.ts';
const { isAsShown }: { isAsShown: (output: string, shown: string) => boolean } = require('../../.ci/walk-readme.js');
const shown = blocksOf('rebalance example').find(({ language }) => language === 'text')!.code;

const counts = { rows: 11_000, misplaced: 0, duplicated: 0, wrongPosition: 0, missingPosition: 0, arrivals: 0, departures: 0 };
const good: Rebalancing = {
  report: {
    planId: 'plan-1',
    outcome: 'done',
    movedRows: 3_600,
    cleanedRows: 3_600,
    chunks: 9,
    retries: 0,
    seconds: 15,
    rowsPerSecond: 240,
    pauseMs: { p50: 90, p99: 140 },
  },
  findings: { originals: experiments.threeShards.published, lost: 0, double: 0, misplaced: 0, unknown: 0 },
  acknowledged: 10_000,
  added: 1_000,
  wrongReads: 0,
  slowestMs: 123.4,
  audit: { ...counts, isWell: true, tables: [] },
};

describe('The rebalance example', () => {
  if (databaseKinds.includes('mariadb')) {
    let folder: string;

    beforeEach(() => {
      folder = mkdtempSync(join(dirname(currentTestRun().files), 'rebalance-'));
      // Where this process is root its servers run as another user.
      chmodSync(folder, 0o755);
    });

    afterEach(() => rmSync(folder, { recursive: true }));

    /** Runs it with its servers in a folder of their own. */
    const runHere = (until?: string): Promise<ExampleResult> =>
      runExample(MAIN, [], (story, child) => void (until && story.includes(until) && child.kill('SIGINT')), { TEST_FILES: folder });

    it('adds a third server while four processes write, prints what its README shows, and leaves nothing behind', async () => {
      const { code, stdout, stderr } = await runHere();

      expect(isAsShown(stdout, shown) ? shown : `${stdout}${stderr}`).toBe(shown);
      expect({ code, left: readdirSync(folder) }).toEqual({ code: 0, left: [] });
      const [, acknowledged, added] = /(\d+) writes acknowledged, (\d+) of them of new layouts/.exec(stdout) ?? [];
      expect(Number(acknowledged)).toBeGreaterThan(1_000);
      expect(Number(added)).toBeGreaterThan(50);
      expect(stderr).toMatch(/A third shard joins: move (\d+)\/\1\n/);
      expect(stderr.split('\n').length).toBeLessThan(20);
    }, 240_000);

    // What it had started keeps its stderr open, so that it ends for this test only when all of that has ended.
    it.each(['Replacing the processes', ...(isLongRun ? ['A third shard joins: move'] : [])])(
      'stopped by Ctrl-C at "%s" ends with 130 and leaves nothing behind',
      async (until) => {
        const { code, stdout, stderr } = await runHere(until);

        expect({ code, left: readdirSync(folder) }).toEqual({ code: 130, left: [] });
        expect(stderr).toMatch(/\nStopped\. Nothing is left behind\.\n$/);
        expect(stdout).not.toContain('published');
      },
      180_000,
    );
  }

  it.each([
    [['--help'], 0],
    [['--postgres'], 2],
  ])('given %j tells its usage and ends with %i', async (args, code) => {
    const told: string[] = [];
    const stream = { write: (text: string) => told.push(text) > 0 } as NodeJS.WriteStream;
    expect(await run(args, { stdout: stream, stderr: stream, signal: new AbortController().signal })).toBe(code);
    expect(told).toEqual([expect.stringContaining('Usage: npm run example:rebalance')]);
  });
});

describe('The report of the rebalance example', () => {
  it('finds nothing where all is as published, and counts what was acknowledged', () => {
    expect(rebalancingFaults(good)).toEqual([]);
    expect(reportRebalancing(good)).toContain(
      '10000 writes acknowledged, 1000 of them of new layouts; the slowest, with its read, took 123 ms',
    );
  });

  it.each([
    [{ findings: { ...good.findings, lost: 1 } }, '1 layouts are not what was acknowledged last.'],
    [{ findings: { ...good.findings, double: 2 } }, '2 layouts are on several shards.'],
    [{ findings: { ...good.findings, misplaced: 3 } }, '3 layouts are on a shard that does not own them.'],
    [{ findings: { ...good.findings, unknown: 4 } }, '4 layouts are there that nobody wrote.'],
    [{ wrongReads: 5 }, '5 reads gave something else than what was acknowledged last.'],
    [
      { findings: { ...good.findings, originals: { ...good.findings.originals, 'localhost:3306': 3321 } } },
      'After the third shard joined localhost:3306 has 3321 rows, published are 3322.',
    ],
    [
      { audit: { ...good.audit, isWell: false, misplaced: 1 } },
      'The audit found faults: 1 misplaced, 0 duplicated, 0 with a wrong position, 0 left behind.',
    ],
  ])('names what is not as it must be: %j', (change, fault) => {
    expect(rebalancingFaults({ ...good, ...change })).toEqual([fault]);
  });
});
