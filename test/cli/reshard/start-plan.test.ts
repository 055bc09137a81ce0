import type { CommandCall } from '../../../src/cli/command';
import { checkConfirmable } from '../../../src/cli/reshard/confirm';
import { startPlan } from '../../../src/cli/reshard/start-plan';
import { FakeRun, planned, report } from '../fixtures/fake-run';

interface Given {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly answer?: string;
}

function starting({ options = {}, answer }: Given) {
  const [results, story, questions] = [[], [], []] as string[][];
  const started: unknown[] = [];
  const ask = async (question: string) => {
    questions!.push(question);
    return answer!;
  };
  const start = async (...given: readonly unknown[]) => {
    started.push(given);
    const run = new FakeRun();
    run.finish(report);
    return run;
  };
  const call = {
    cluster: { reshard: { start } },
    options: { dataSource: 'cluster.ts', ...options },
    signal: new AbortController().signal,
    output: {
      result: async (text: string) => void results!.push(text),
      story: async (text: string) => void story!.push(text),
      ask: answer === undefined ? undefined : ask,
    },
  } as unknown as CommandCall;
  return { call, results: results!, story: story!, questions: questions!, started };
}

describe('A command that starts a plan', () => {
  it.each(['y', 'Yes', ' y '])('shows it, asks, and starts it for the answer %j', async (answer) => {
    const { call, story, questions, started } = starting({ answer, options: { chunkRows: 200, workers: 4 } });

    expect(await startPlan(planned, call)).toMatchObject({ json: { event: 'done' } });
    expect(story[0]).toContain('Plan: add s3.');
    expect(questions).toEqual(['Start it? [y/N] ']);
    expect(started).toEqual([[planned, { chunkRows: 200, workers: 4, maxRowsPerSecond: undefined, signal: call.signal }]]);
  });

  it.each(['', 'n', 'yeah', 'no'])('starts nothing for the answer %j, and ends with 1', async (answer) => {
    const { call, started } = starting({ answer });

    expect(await startPlan(planned, call)).toMatchObject({ text: 'Nothing was started.', exitCode: 1 });
    expect(started).toEqual([]);
  });

  it('does not ask with --yes', async () => {
    const { call, questions, started } = starting({ answer: 'n', options: { yes: true } });
    await startPlan(planned, call);
    expect([questions.length, started.length]).toEqual([0, 1]);
  });

  it('gives programs the plan first, without what only the library reads', async () => {
    const { call, results, story } = starting({ options: { yes: true, json: true } });
    await startPlan(planned, call);
    const { moves: _moves, weights: _weights, ...facts } = planned;
    expect(JSON.parse(results[0]!)).toEqual({ event: 'plan', ...facts });
    expect(results[0]).toMatch(/^[^\n]+\n$/);
    expect(story).toEqual([]);
  });
});

describe('A command that has to ask', () => {
  it.each([
    ['where nobody sits at a terminal', {}, 'This is no terminal'],
    ['for a program', { answer: 'y', options: { json: true } }, 'With --json nothing is asked'],
  ])('is refused without --yes %s', (_, given, message) => {
    expect(() => checkConfirmable(starting(given).call)).toThrow(message);
    const options = { ...(given as Given).options, yes: true };
    expect(() => checkConfirmable(starting({ ...given, options }).call)).not.toThrow();
  });

  it('is let ask at a terminal', () => {
    expect(() => checkConfirmable(starting({ answer: 'n' }).call)).not.toThrow();
  });
});
