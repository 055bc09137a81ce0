import type { ReshardReport, ReshardRun } from 'typeorm-sharding';
import type { Progress } from './progress';

/** Shows a run to its end. @throws what it fails with. */
export async function showRun(run: ReshardRun, progress: Progress): Promise<ReshardReport> {
  progress.begin('A third shard joins: move', run.progress.totalRows);
  let shown = 0;
  let isMoving = true;
  const endMoving = () => {
    if (isMoving) progress.end();
    isMoving = false;
  };
  try {
    for await (const { movedRows, phase } of run) {
      progress.advance(movedRows - shown);
      shown = movedRows;
      if (isMoving && (phase === 'cleaning' || phase === 'disarming')) {
        endMoving();
        progress.say('All have moved. Deleting the copies that they left, once no call from before can read them …');
      }
    }
    return await run.finished;
  } finally {
    endMoving();
  }
}
