export { memoryTopology } from './memory-topology';
export { movingTable, type Transition } from './moving-table';
export type { SqlTopologyOptions } from './sql/sql-topology-options';
export { sqlTopology } from './sql-topology';
export type { LiveClient, StoredTopology, SwapOutcome, TopologyClient, TopologyStore } from './topology-store';
