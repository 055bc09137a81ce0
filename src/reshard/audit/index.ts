export { type AuditOptions, auditCluster } from './audit-cluster';
export type { AuditCounts, AuditedTable, AuditProgress, AuditReport } from './audit-report';
