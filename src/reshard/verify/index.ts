export { type VerifyOptions, verifyCluster } from './verify-cluster';
export type { VerifiedReference, VerifyFault, VerifyReport } from './verify-report';
