import { modulo } from '../../../src';
import { ReshardStoppedError } from '../../../src/errors';
import type { StepName } from '../../../src/reshard/move';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { type DatabaseKind, databaseKinds } from '../../database';
import { isLongRun } from '../../long-run';
import { MovingCluster } from './fixtures/moving-cluster';
import { dieAt } from './fixtures/refuse-steps';

const STEPS: readonly (readonly [StepName, number])[] = [
  ['identity', 2],
  ['cut', 2],
  ['arm', 2],
  ['announce', 1],
  ['barrier', 1],
  ['freeze', 1],
  ['freeze', 2],
  ['freeze', 5],
  ['copy', 2],
  ['verify', 1],
  ['verify', 2],
  ['commit', 1],
  ['commit', 3],
  ['committed', 1],
  ['lower', 1],
  ['lower', 2],
  ['clean', 1],
  ['clean', 2],
  ['place', 1],
  ['settle', 2],
  ['narrow', 2],
  ['finish', 1],
];
const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
/** A short run dies at a third of the steps, each on one of the databases: chaos kills a process at each step on each of them. */
const stepsOn = (kind: DatabaseKind) =>
  isLongRun ? STEPS : STEPS.filter((_, index) => index % 9 === 3 * ['better-sqlite3', 'mariadb', 'postgres'].indexOf(kind));

describeOn(kinds, 'A mover that dies', (kind) => {
  it.each(stepsOn(kind))('before its step %s (%i) leaves a plan that another process ends', async (step, nth) => {
    const moving = await MovingCluster.start(kind, { entities: 'topics', placement: modulo(['s1', 's2']) });
    const death = dieAt(step, nth);
    try {
      const rows = await moving.fill(60);
      const run = await moving.start({ placement: modulo(['s1', 's2', 's3']) }, { chunkRows: 15, workers: 1 });
      await expect(run.finished).rejects.toBeInstanceOf(ReshardStoppedError);
      expect(death.hasDied()).toBe(true);
      death.revive();
      const other = await moving.another();
      await (await moving.resume(other)).finished;
      expect(await moving.faults(rows, other)).toEqual([]);
    } finally {
      death.revive();
      await moving.stop();
    }
  });
});
