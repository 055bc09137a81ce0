export { endRun } from './live-movers';
export { requestCancel, requestContinue, requestPause } from './orders';
export { type GroupStatus, type MoverStatus, type ReshardStatus, reshardStatus } from './reshard-status';
export { type ReshardStep, STEP_CHANNEL, type StepName } from './reshard-step';
export { resumeRun, startRun } from './start-run';
