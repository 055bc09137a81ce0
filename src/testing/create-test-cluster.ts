import { TestCluster } from './test-cluster';
import type { TestClusterOptions } from './test-cluster-options';

/**
 * Makes a cluster in memory, with its tables, ready for use. Call `clear()` between tests and `destroy()` after the last.
 *
 * @throws {ConfigurationError} with every fault of options, entities and placements, or when sql.js is not installed.
 */
export async function createTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  return new TestCluster(options).initialize();
}
