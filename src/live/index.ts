export { type Attempt, attempted, guarded, pauseMs } from './attempted';
export { checkConfigured, firstTopology, membersOf, withNewGroups } from './first-topology';
export type { CallKind, GuardedCall } from './guarded-access';
export { HeldVersions } from './held-versions';
export { LiveTopology } from './live-topology';
export { masked, maskedWrites, needsMask } from './mask';
export { claimsOn, hasMoved, secure } from './secure';
export { isStale } from './staleness';
export { startLive } from './start-live';
