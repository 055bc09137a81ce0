import { modulo } from '../../../src';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { serverKinds } from '../../database';
import { isLongRun } from '../../long-run';
import { MovingCluster } from './fixtures/moving-cluster';

const ROWS = 100_000;

describeOn(
  serverKinds.filter((kind) => kind === 'mariadb'),
  'A move of a hundred thousand rows',
  (kind) => {
    (isLongRun ? it : it.skip)('ends, and says how fast it was', async () => {
      const moving = await MovingCluster.start(kind, { entities: 'topics', placement: modulo(['s1', 's2']) });
      try {
        for (const [index, { dataSource }] of moving.cluster.shards.slice(0, 2).entries()) {
          await dataSource.query(`INSERT INTO topic (id, value) SELECT seq * 2 + ${index}, seq FROM seq_0_to_${ROWS / 2 - 1}`);
        }
        const report = await (await moving.start({ placement: modulo(['s1', 's2', 's3']) })).finished;
        process.stdout.write(
          `moved ${report.movedRows} of ${ROWS} rows in ${report.seconds.toFixed(1)} s, ${Math.round(report.rowsPerSecond)} rows/s with cleanup and waits; ` +
            `write pause p50 ${Math.round(report.pauseMs.p50)} ms, p99 ${Math.round(report.pauseMs.p99)} ms\n`,
        );
        expect(report.cleanedRows).toBe(report.movedRows);
        expect(await moving.faults(ROWS)).toEqual([]);
      } finally {
        await moving.stop();
      }
    });
  },
);
