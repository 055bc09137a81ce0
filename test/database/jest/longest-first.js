/**
 * Runs the files that take longest first, so that no worker is left with one of them in the end. Jest does this by the durations of earlier
 * runs, and a clean clone has none. Jest does not transpile it, hence JavaScript.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

/** Longest first; those that mostly wait lie between those that compute. */
const longest = [
  ...[
    'oracle/postgres',
    'cli/loading',
    'oracle/mariadb',
    'cluster/scatter-timeout',
    'oracle/orders',
    'oracle/sqljs',
    'oracle/better-sqlite3',
  ],
  ...['examples/layouts', 'repository/builder/builders', 'repository/builder/ordered', 'repository/members', 'cli/commands'],
  ...['repository/leaving-relations-writes', 'cli/health', 'package/nest-applications', 'repository/builder/relation-calls'],
  ...['routing/slot-ring', 'scatter/grouped', 'examples/nestjs-shop-processes', 'docs/quick-start', 'cluster/identity'],
  ...['cluster/identity-founding', 'scatter/grouped-properties', 'repository/leaving-relations', 'testing/runners', 'fence/rules'],
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
