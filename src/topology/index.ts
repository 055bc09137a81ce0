export { isMemoryTopology, memoryTopology } from './memory-topology';
export { movingTable, type Transition } from './moving-table';
export type { SqlTopologyOptions } from './sql/sql-topology-options';
export { sqlTopology } from './sql-topology';
export type { GroupMove, Mover, PlanOrder, PlanPhase, PlanRow, Topology, TopologyPlan, TopologyState } from './topology';
export { readTopology, topologyOf, writeTopology } from './topology-document';
export type { LiveClient, StoredTopology, SwapOutcome, TopologyClient, TopologyStore } from './topology-store';
