export { faultsOf } from './faults-of';
export { type ReshardingOptions, type ResolvedReshardingOptions, reshardingFaults, resolveResharding } from './resharding-options';
export { type ScatterCallOptions, type ScatterOptions, scatterCallFaults, scatterFaults } from './scatter-options';
