export { faultsOf } from './faults-of';
export { type ScatterCallOptions, type ScatterOptions, scatterCallFaults, scatterFaults } from './scatter-options';
