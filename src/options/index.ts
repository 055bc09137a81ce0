export { faultsOf } from './faults-of';
