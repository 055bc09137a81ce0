import type { ReshardReport } from '../../reshard/reshard-run';
import { counted, grouped, secondsText } from './quantities';
import { facts } from './table';

const OUTCOMES: Readonly<Record<ReshardReport['outcome'], string>> = {
  done: 'done',
  cancelled: 'cancelled: what had begun to move was finished, the rest stays where it was',
};

/** What a run came to, for people. */
export function reportText(report: ReshardReport): string {
  const { outcome, movedRows, cleanedRows, chunks, retries, seconds, rowsPerSecond, pauseMs } = report;
  return facts([
    ['outcome', OUTCOMES[outcome]],
    ['moved', `${counted(movedRows, 'row')} in ${counted(chunks, 'chunk')}, ${grouped(rowsPerSecond)} rows/s`],
    ['cleaned', counted(cleanedRows, 'row')],
    ['tried again', retries > 0 ? counted(retries, 'chunk') : undefined],
    ['write pause', chunks > 0 ? `p50 ${grouped(pauseMs.p50)} ms, p99 ${grouped(pauseMs.p99)} ms` : undefined],
    ['time', secondsText(seconds)],
  ]);
}
