import type { ReshardPlan } from '../../reshard/reshard-plan';
import type { Answer, CommandCall } from '../command';
import { jsonLine } from '../text/json-text';
import { planFacts, planText } from '../text/plan-text';
import { isConfirmed } from './confirm';
import { followStarted } from './follow-run';
import { runOptionsOf } from './run-options';

/** Shows a plan, asks whether to start it, starts it and shows it to its end. */
export async function startPlan(plan: ReshardPlan, call: CommandCall): Promise<Answer> {
  const { cluster, options, output, signal } = call;
  if (options.json === true) await output.result(`${jsonLine({ event: 'plan', ...planFacts(plan) })}\n`);
  else await output.story(`${planText(plan)}\n\n`);
  if (!(await isConfirmed('Start it?', call))) {
    return { json: { event: 'declined', planId: plan.id }, text: 'Nothing was started.', exitCode: 1 };
  }
  return followStarted(cluster.reshard.start(plan, { ...runOptionsOf(options), signal }), call);
}
