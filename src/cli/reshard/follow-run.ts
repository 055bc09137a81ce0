import { ReshardStoppedError } from '../../errors';
import type { ReshardReport, ReshardRun } from '../../reshard/reshard-run';
import type { Answer, CommandCall } from '../command';
import type { ProgressView } from '../progress/progress-view';
import { viewFor } from '../progress/view-for';
import { reportText } from '../text/report-text';
import { isInterrupted } from '../until-aborted';
import { resumeLine } from './resume-line';

/**
 * Shows a run to its end.
 *
 * It must be started with the signal of the call. An interruption lets it finish the chunk at hand; the answer then says how to go on.
 *
 * @throws what the run failed with, after saying how to go on.
 */
export async function followStarted(started: Promise<ReshardRun>, call: CommandCall): Promise<Answer> {
  const { output, options, signal } = call;
  const told = () => void output.story('\nFinishing the chunk at hand; once more ends at once.\n');
  signal.addEventListener('abort', told, { once: true });
  let run: ReshardRun | undefined;
  try {
    run = await started;
    return answerOf(await shown(run, viewFor(output, options.json === true)));
  } catch (error) {
    if (isInterrupted(signal)) return interruption(run, call);
    // That error says so itself.
    if (run && !(error instanceof ReshardStoppedError)) await output.story(`The move has stopped. Go on with:\n  ${resumeLine(options)}\n`);
    throw error;
  } finally {
    signal.removeEventListener('abort', told);
  }
}

/** The run goes on whatever the view does, and is what is told in the end. */
async function shown(run: ReshardRun, view: ProgressView): Promise<ReshardReport> {
  // It is awaited below; until then a failure must not count as one that nobody caught.
  run.finished.catch(() => undefined);
  try {
    for await (const progress of run) await view.show(progress);
    const report = await run.finished;
    await view.show(run.progress);
    return report;
  } finally {
    view.end();
  }
}

function answerOf(report: ReshardReport): Answer {
  return { json: { event: report.outcome, ...report }, text: reportText(report) };
}

function interruption(run: ReshardRun | undefined, { options }: CommandCall): Answer {
  const resume = resumeLine(options);
  if (!run) {
    const text = `Interrupted before it had begun. Should reshard status show a plan, go on with:\n  ${resume}`;
    return { json: { event: 'interrupted', resume }, text, exitCode: 130 };
  }
  const { planId, phase, movedRows, totalRows } = run.progress;
  return {
    json: { event: 'interrupted', planId, phase, movedRows, totalRows, resume },
    text: `Interrupted. Every row is served, and nothing is lost. Go on with:\n  ${resume}`,
    exitCode: 130,
  };
}
