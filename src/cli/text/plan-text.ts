import type { PlannedBalance, PlannedGroup, ReshardPlan } from '../../reshard/reshard-plan';
import { bytesText, counted, grouped } from './quantities';
import { table } from './table';

/** A plan for people: what moves, the balance before and after, and what is worth knowing before it is started. */
export function planText(plan: ReshardPlan): string {
  const { title, rows, bytes, groups, warnings, referenceTables } = plan;
  const lists = [
    ...(referenceTables.length > 0 ? [listText('Reference tables that new shards get a copy of first:', referenceTables)] : []),
    ...(warnings.length > 0 ? [listText('Warnings:', warnings)] : []),
  ];
  const head = `Plan: ${title}. It moves about ${counted(rows, 'row')}, ${bytesText(bytes)}.`;
  return [head, ...groups.map(groupText), ...lists].join('\n\n');
}

/** A plan for programs, without what only the library reads. */
export function planFacts({ id, title, baseVersion, rows, bytes, groups, referenceTables, warnings }: ReshardPlan): object {
  return { id, title, baseVersion, rows, bytes, groups, referenceTables, warnings };
}

function groupText({ group, tables, moves, balance }: PlannedGroup): string {
  const moving = table(moves, [
    { title: 'from', cell: ({ from }) => from },
    { title: 'to', cell: ({ to }) => to },
    { title: 'rows', cell: ({ rows }) => grouped(rows) },
    { title: 'size', cell: ({ bytes }) => bytesText(bytes) },
  ]);
  const head = `Group ${group} (${tables.join(', ')})`;
  return [head, moves.length > 0 ? moving : 'nothing moves', balanceText(balance)].join('\n\n');
}

function balanceText(balance: readonly PlannedBalance[]): string {
  const total = (rows: (each: PlannedBalance) => number) => balance.reduce((sum, each) => sum + rows(each), 0);
  const [before, after] = [total(({ rowsBefore }) => rowsBefore), total(({ rowsAfter }) => rowsAfter)];
  const share = (rows: number, of: number) => (of === 0 ? '-' : `${((100 * rows) / of).toFixed(1)} %`);
  return table(balance, [
    { title: 'shard', cell: ({ shard }) => shard },
    { title: 'rows before', cell: ({ rowsBefore }) => grouped(rowsBefore) },
    { title: 'share', cell: ({ rowsBefore }) => share(rowsBefore, before) },
    { title: 'rows after', cell: ({ rowsAfter }) => grouped(rowsAfter) },
    { title: 'share', cell: ({ rowsAfter }) => share(rowsAfter, after) },
    { title: 'size after', cell: ({ bytesAfter }) => bytesText(bytesAfter) },
  ]);
}

function listText(head: string, entries: readonly string[]): string {
  return [head, ...entries.map((entry) => `  - ${entry}`)].join('\n');
}
