export { type RebuildReport, rebuildTopology } from './rebuild-topology';
