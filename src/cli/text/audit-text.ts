import type { AuditCounts, AuditReport } from '../../reshard/audit';
import { counted, grouped } from './quantities';
import { table } from './table';

/** What an audit found, for people: the tables with faults or copies of a move, and the verdict. */
export function auditText({ tables, isWell, rows }: AuditReport): string {
  const shown = tables.filter(({ arrivals, departures, ...counts }) => arrivals + departures + faultsOf(counts) > 0);
  const listed = table(shown, [
    { title: 'shard', cell: ({ shard }) => shard },
    { title: 'table', cell: (each) => each.table },
    { title: 'rows', cell: (each) => grouped(each.rows) },
    { title: 'misplaced', cell: ({ misplaced }) => grouped(misplaced) },
    { title: 'duplicated', cell: ({ duplicated }) => grouped(duplicated) },
    { title: 'wrong position', cell: ({ wrongPosition }) => grouped(wrongPosition) },
    { title: 'no position', cell: ({ missingPosition }) => grouped(missingPosition) },
    { title: 'arrivals', cell: ({ arrivals }) => grouped(arrivals) },
    { title: 'departures', cell: ({ departures }) => grouped(departures) },
  ]);
  const verdict = isWell ? 'every one where it should be.' : 'not every one where it should be.';
  return [...(shown.length > 0 ? [listed] : []), `${counted(rows, 'row')} in ${counted(tables.length, 'table')}, ${verdict}`].join('\n\n');
}

function faultsOf(counts: Pick<AuditCounts, 'misplaced' | 'duplicated' | 'wrongPosition' | 'missingPosition'>): number {
  return counts.misplaced + counts.duplicated + counts.wrongPosition + counts.missingPosition;
}
