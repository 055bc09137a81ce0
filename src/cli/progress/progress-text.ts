import type { PairProgress, ReshardProgress, WritePause } from '../../reshard/reshard-run';
import type { PlanPhase } from '../../topology';
import { counted, grouped, percentText, secondsText } from '../text/quantities';

const PHASES: Readonly<Record<PlanPhase, string>> = {
  preparing: 'preparing the databases',
  announced: 'waiting for all clients',
  moving: 'moving rows',
  cleaning: 'cleaning the sources',
  disarming: 'waiting to drop the guards',
};

/** Says in words what a plan does in a phase. */
export function phaseText(phase: PlanPhase): string {
  return PHASES[phase];
}

/** How far a run has come, on one line without colours, for example for a log. */
export function progressLine(progress: ReshardProgress): string {
  const { movedRows, totalRows } = progress;
  return [
    phaseText(progress.phase),
    isTotalKnown(progress)
      ? `${grouped(movedRows)} of ${counted(totalRows, 'row')} (${percentText(movedRows, totalRows)})`
      : `${counted(movedRows, 'row')} so far`,
    ...speedTexts(progress),
    ...stateTexts(progress),
  ].join(', ');
}

/** What belongs below an overall bar: the phase, the speed, and what the run waits for. */
export function statusLine(progress: ReshardProgress): string {
  return [phaseText(progress.phase), ...speedTexts(progress), ...stateTexts(progress)].join(', ');
}

/** What stands behind an overall bar. */
export function amountText({ movedRows, totalRows }: Pick<PairProgress, 'movedRows' | 'totalRows'>): string {
  return `${percentText(movedRows, totalRows).padStart(5)}  ${grouped(movedRows)}/${counted(totalRows, 'row')}`;
}

/** How long writes were held up; undefined before any were. */
export function pauseText({ p50, p99 }: WritePause): string | undefined {
  return p99 > 0 ? `write pause p50 ${grouped(p50)} ms, p99 ${grouped(p99)} ms` : undefined;
}

/** A run that was resumed has no estimate, which goes with the plan that was made; until the end its total is what it has moved itself. */
function isTotalKnown({ phase, movedRows, totalRows }: ReshardProgress): boolean {
  return totalRows > movedRows || phase === 'cleaning' || phase === 'disarming';
}

function speedTexts(progress: ReshardProgress): readonly string[] {
  const pause = pauseText(progress.pauseMs);
  const pauses = pause === undefined ? [] : [pause];
  if (progress.phase === 'moving') return [`${grouped(progress.rowsPerSecond)} rows/s`, ...pauses, ...timeLeft(progress)];
  return progress.phase === 'cleaning' ? [...pauses, `${counted(progress.cleanedRows, 'row')} cleaned`] : pauses;
}

function timeLeft({ movedRows, totalRows, rowsPerSecond, isPaused }: ReshardProgress): readonly string[] {
  if (isPaused || rowsPerSecond <= 0 || totalRows <= movedRows) return [];
  return [`${secondsText((totalRows - movedRows) / rowsPerSecond)} left`];
}

function stateTexts({ isPaused, waitingFor }: ReshardProgress): readonly string[] {
  return [...(isPaused ? ['paused'] : []), ...(waitingFor === undefined ? [] : [`waiting for ${waitingFor}`])];
}
