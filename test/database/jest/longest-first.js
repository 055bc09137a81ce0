/**
 * Runs the files that take longest first, so that no worker is left with one of them in the end. Jest does this by the durations of earlier
 * runs, and a clean clone has none. Jest does not transpile it, hence JavaScript.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

/** Longest first; those that mostly wait lie between those that compute. */
const longest = [
  ...['reshard/move/faults', 'oracle/postgres', 'oracle/mariadb', 'examples/rebalance', 'reshard/move/end-to-end', 'examples/layouts'],
  ...['reshard/move/interruptions', 'cli/commands', 'cli/loading', 'cli/reshard-recordings', 'package/nest-applications'],
  ...['cluster/scatter-timeout', 'docs/api-reference', 'reshard/faults/stops', 'cli/health', 'live/half-done', 'reshard/plan/make-plan'],
  ...['reshard/verify/verify-cluster', 'live/late-transactions', 'repository/members', 'fence/rules', 'live/moving', 'oracle/orders'],
  ...['reshard/faults/whole-plans', 'repository/builder/ordered', 'live/stale-clients', 'repository/leaving-relations-writes'],
  ...['live/held-clients', 'repository/hostile-keys', 'cli/reshard-start', 'reshard/rebuild/rebuild-topology', 'oracle/sqljs'],
  ...['reshard/faults/partitions-and-clocks', 'cli/resharding', 'live/several-keys', 'testing/runners', 'live/part-of-a-save'],
  ...['oracle/better-sqlite3', 'package/package', 'fence/provision', 'routing/slot-ring', 'live/layouts', 'scatter/grouped-properties'],
  ...['cli/recordings', 'examples/nestjs-shop-processes', 'docs/quick-start', 'cluster/identity-founding', 'package/nest-unit-tests'],
  ...['reshard/move/grace', 'reshard/faults/refusals', 'repository/builder/builders', 'package/nest-end', 'docs/pieces'],
  ...['reshard/faults/target-server', 'repository/builder/relation-calls', 'repository/leaving-relations', 'database/jest/run'],
];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const placeOf = ({ path }) => {
      const place = longest.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
      return place === -1 ? longest.length : place;
    };
    return super.sort(tests).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
};
