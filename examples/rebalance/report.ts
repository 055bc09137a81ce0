import type { AuditReport } from 'typeorm-sharding';
import { experiments } from '../layouts/published';
import { countTable, joiningDifferences, movedText } from '../layouts/report';
import type { Rebalancing } from './rebalance';

/** What came of it, in a few lines. */
export function reportRebalancing(result: Rebalancing): string {
  const { report, findings, acknowledged, added, slowestMs, audit } = result;
  const { lost, double, misplaced } = findings;
  return [
    ...countTable(experiments.threeShards.published, findings.originals),
    `  ${movedText(report)}`,
    `  ${acknowledged} writes acknowledged, ${added} of them of new layouts; the slowest, with its read, took ${Math.round(slowestMs)} ms`,
    `  each looked for on its shard: ${lost} lost, ${double} double, ${misplaced} misplaced; ${result.wrongReads} reads of an older layout`,
    `  audit of ${audit.rows} rows: ${auditText(audit)}`,
    '',
  ].join('\n');
}

/** One sentence for each thing that is not as it must be. */
export function rebalancingFaults(result: Rebalancing): readonly string[] {
  const { audit } = result;
  return [...joiningDifferences(result), ...(audit.isWell ? [] : [`The audit found faults: ${auditText(audit)}.`])];
}

function auditText({ misplaced, duplicated, wrongPosition, missingPosition, departures, arrivals }: AuditReport): string {
  const left = departures + arrivals;
  return `${misplaced} misplaced, ${duplicated} duplicated, ${wrongPosition + missingPosition} with a wrong position, ${left} left behind`;
}
