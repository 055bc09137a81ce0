import { noEntries } from '../rows/row-state';
import type { Violation } from '../writer/writer-report';
import { settled } from './at-rest';
import { onEveryShard, storedRows } from './stored-rows';
import type { Trial } from './trial';

/** Faults that the trial makes itself, to prove that it notices; each is made in rows at rest, past the library. */
const faults: readonly { readonly kind: Violation['kind']; readonly sql: (row: FaultyRow) => string }[] = [
  { kind: 'lost', sql: ({ meter }) => `DELETE FROM meter WHERE id = ${meter}` },
  { kind: 'wrong', sql: ({ reading }) => `UPDATE reading SET stamp = stamp + 1 WHERE id = ${reading}` },
  { kind: 'resurrected', sql: ({ count }) => `INSERT INTO tick (id, stamp, _shard_position) VALUES ('tick-none-${count}', 1, 0)` },
];

interface FaultyRow {
  readonly meter: string;
  readonly reading: string;
  readonly count: number;
}

/** Makes each fault, compares, and says which of them were not noticed. Violations that were noticed are taken off the trial's account. */
export async function unnoticedFaults(trial: Trial): Promise<readonly string[]> {
  const before = trial.violations.length;
  const unnoticed: string[] = [];
  await dropGuards(trial);
  for (const { kind, sql } of faults) {
    const rows = await storedRows(trial.databases.description);
    const find = (table: string) => rows.find((row) => row.table === table && row.shard === 's1' && row.state !== 'absent')!.id;
    const statement = sql({ meter: find('Meter'), reading: find('Reading'), count: rows.length });
    await onEveryShard(trial.databases.description, async (source, shard) => (shard === 's1' ? source.query(statement) : undefined));
    unnoticed.push(...(await unlessNoticed(trial, kind)));
  }
  unnoticed.push(...(await duplicateFault(trial)));
  trial.violations.length = before;
  return unnoticed;
}

/** On SQLite they stay when a plan has ended, and would refuse the faults. */
async function dropGuards({ databases: { kind, description } }: Trial): Promise<void> {
  if (kind !== 'sqlite') return;
  await onEveryShard(description, async (source) => {
    for (const { name } of await source.query("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
      await source.query(`DROP TRIGGER ${source.driver.escape(name)}`);
  });
}

/** A row of s1 that also lies on s2. */
async function duplicateFault(trial: Trial): Promise<readonly string[]> {
  const { description } = trial.databases;
  const row = (await storedRows(description)).find(
    ({ table, shard, state }) => table === 'Account' && shard === 's1' && state.endsWith(`[${noEntries.map(() => '-').join()}]`),
  )!;
  const statement = (quote: (name: string) => string) =>
    `INSERT INTO account (id, bucket, stamp, ${quote('count')}, _shard_position) VALUES ('${row.id}', 'x', 1, 1, ${row.position})`;
  await onEveryShard(description, async (source, shard) =>
    shard === 's2' ? source.query(statement((name) => source.driver.escape(name))) : undefined,
  );
  return unlessNoticed(trial, 'duplicate');
}

async function unlessNoticed(trial: Trial, kind: Violation['kind']): Promise<readonly string[]> {
  const before = trial.violations.length;
  await settled(trial, 'after a fault of the trial itself');
  return trial.violations.slice(before).some((violation) => violation.kind === kind) ? [] : [kind];
}
