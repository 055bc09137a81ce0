import type { CommandCall } from '../../../src/cli/command';
import { followStarted } from '../../../src/cli/reshard/follow-run';
import { ReshardStoppedError } from '../../../src/errors';
import { waitUntil } from '../../database';
import { FakeRun, progressOf, report } from '../fixtures/fake-run';

const RESUME = 'typeorm-sharding -d src/cluster.ts reshard resume';

function following(options: Readonly<Record<string, unknown>> = {}) {
  const [results, story] = [[], []] as string[][];
  const controller = new AbortController();
  const call = {
    options: { dataSource: 'src/cluster.ts', ...options },
    signal: controller.signal,
    output: { result: async (text: string) => void results!.push(text), story: async (text: string) => void story!.push(text) },
  } as unknown as CommandCall;
  return { call, results: results!, story: story!, controller, run: new FakeRun(controller.signal) };
}

describe('A command that follows a run', () => {
  it('shows its progress on the story, and answers with its report', async () => {
    const { call, run, story, results } = following();
    const answer = followStarted(Promise.resolve(run), call);
    await told(run, story);
    run.finish(report);

    expect(await answer).toEqual({
      json: { event: 'done', ...report },
      text: [
        'outcome      done',
        'moved        1,000 rows in 4 chunks, 1,235 rows/s',
        'cleaned      1,000 rows',
        'write pause  p50 90 ms, p99 140 ms',
        'time         1 min 2 s',
      ].join('\n'),
    });
    expect(story.join('')).toContain('420 of 1,000 rows');
    expect(results).toEqual([]);
  });

  it('writes documents to the result with --json', async () => {
    const { call, run, results, story } = following({ json: true });
    const answer = followStarted(Promise.resolve(run), call);
    await told(run, results);
    run.finish({ ...report, outcome: 'cancelled' });

    expect(await answer).toMatchObject({ json: { event: 'cancelled', movedRows: 1_000 } });
    expect(JSON.parse(results[0]!)).toEqual({ event: 'progress', ...progressOf() });
    expect(story).toEqual([]);
  });

  it('lets an interrupted run finish its chunk, and says how to go on', async () => {
    const { call, run, story, controller } = following();
    const answer = followStarted(Promise.resolve(run), call);
    await told(run, story);
    controller.abort();

    expect(await answer).toEqual({
      json: { event: 'interrupted', planId: 'plan-1', phase: 'moving', movedRows: 420, totalRows: 1_000, resume: RESUME },
      text: expect.stringContaining(RESUME),
      exitCode: 130,
    });
    expect(story.join('')).toContain('Finishing the chunk at hand');
  });

  it('says how to go on when it was interrupted while the run started', async () => {
    const { call, controller } = following({ dataSource: 'my files/cluster.ts' });
    controller.abort();

    expect(await followStarted(Promise.reject(controller.signal.reason), call)).toMatchObject({
      exitCode: 130,
      text: expect.stringContaining("typeorm-sharding -d 'my files/cluster.ts' reshard resume"),
    });
  });

  it('throws what a run failed with, after saying how to go on', async () => {
    const { call, run, story } = following();
    const answer = followStarted(Promise.resolve(run), call);
    const error = new Error('no space left on device');
    run.fail(error);

    await expect(answer).rejects.toBe(error);
    expect(story.at(-1)).toBe(`The move has stopped. Go on with:\n  ${RESUME}\n`);
  });

  it('does not repeat what an error says itself', async () => {
    const { call, run, story } = following();
    const answer = followStarted(Promise.resolve(run), call);
    run.fail(new ReshardStoppedError('plan-1', 'copy', 's1', 'the disk is full.'));

    await expect(answer).rejects.toThrow('reshard resume');
    expect(story.join('')).not.toContain('The move has stopped');
  });

  it('ends as failed, not as interrupted, when an error that nobody caught ended the run', async () => {
    const { call, run, controller } = following();
    const answer = followStarted(Promise.resolve(run), call);
    const error = new Error('of a file of the user');
    controller.abort(error);

    await expect(answer).rejects.toBe(error);
  });

  /** Tells a progress until it was written. */
  function told(run: FakeRun, texts: readonly string[]): Promise<unknown> {
    const isWritten = () => {
      run.tell(progressOf());
      return texts.length > 0;
    };
    return waitUntil(isWritten, { what: 'the first progress', deadlineMs: 5_000 });
  }
});
