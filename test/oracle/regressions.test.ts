import { databaseKinds, sampledKinds } from '../database';
import { openContestants } from './contestants';
import { REGRESSIONS } from './regressions';
import { Tally } from './tally';
import { tryCalls } from './trial';

describe.each(sampledKinds)('What was once answered differently (%s)', (kind) => {
  const cases = REGRESSIONS.filter(({ kinds = databaseKinds }) => kinds.includes(kind));

  it('is answered like one database', async () => {
    const contestants = await openContestants(kind);
    try {
      for (const regression of cases) {
        const failing = await tryCalls(contestants, regression, new Tally());
        expect([regression.name, failing?.difference]).toEqual([regression.name, undefined]);
      }
    } finally {
      await contestants.stop();
    }
  }, 120_000);
});
