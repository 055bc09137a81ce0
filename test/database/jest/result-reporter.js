/** Hands jest's results to the lines that end a run; see run-state.ts. Jest does not transpile reporters, hence JavaScript. */
module.exports = class ResultReporter {
  onRunComplete(_contexts, results) {
    const state = globalThis[Symbol.for('typeorm-sharding.test-run')];
    if (state) {
      state.results = results;
    }
  }
};
