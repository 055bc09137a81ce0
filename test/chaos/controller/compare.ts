import type { TopologyView } from '../library';
import { counterCount, countries } from '../rows/entities';
import type { OracleDump, Violation } from '../writer/writer-report';
import type { StoredRow } from './stored-rows';

/** Compares what all shards store, at rest, with what the writers know: exactly. */
export function compareRows(rows: readonly StoredRow[], dumps: readonly OracleDump[], topology: TopologyView): readonly Violation[] {
  const keys = new Map(dumps.flatMap((dump) => Object.entries(dump.keys)));
  return [
    ...misplaced(rows, topology),
    ...ownedRows(rows, keys),
    ...ticks(rows, dumps),
    ...counters(rows, dumps),
    ...references(rows, topology),
  ];
}

type Keys = ReadonlyMap<string, OracleDump['keys'][string]>;

function misplaced(rows: readonly StoredRow[], { routes }: TopologyView): readonly Violation[] {
  return rows.flatMap(({ shard, table, id, position }) => {
    if (table === 'Country') return [];
    const owner = routes.get(table === 'Entry' ? 'Account' : table)!.ownerOf(position);
    return owner === shard ? [] : [{ kind: 'duplicate' as const, what: `${table}:${id} lies on ${shard}, and ${owner} owns it` }];
  });
}

function ownedRows(rows: readonly StoredRow[], keys: Keys): readonly Violation[] {
  const stored = groupedBy(rows.filter(({ table }) => table === 'Account' || table === 'Meter' || table === 'Reading'));
  const unknown = [...stored.keys()].filter((name) => !keys.has(name));
  const faults = [...keys].flatMap(([name, { possible, history }]): readonly Violation[] => {
    const found = stored.get(name) ?? [];
    if (found.length > 1)
      return [{ kind: 'duplicate' as const, what: `${name} lies on ${found.map(({ shard }) => shard).join(' and ')}`, history }];
    const state = found[0]?.state ?? 'absent';
    if (possible.includes(state)) return [];
    const kind = state === 'absent' ? ('lost' as const) : possible.join() === 'absent' ? ('resurrected' as const) : ('wrong' as const);
    return [{ kind, what: `${name} is ${state} on ${found[0]?.shard ?? 'no shard'}; possible: ${possible.join(' | ')}`, history }];
  });
  return [...unknown.map((name) => ({ kind: 'resurrected' as const, what: `${name} is stored, and nobody wrote it` })), ...faults];
}

function ticks(rows: readonly StoredRow[], dumps: readonly OracleDump[]): readonly Violation[] {
  const stored = groupedBy(rows.filter(({ table }) => table === 'Tick'));
  const sure = dumps.flatMap((dump) => dump.ticks);
  const possible = new Set([...sure, ...dumps.flatMap((dump) => dump.doubtfulTicks)]);
  return [
    ...sure
      .filter((id) => !stored.has(`Tick:${id}`))
      .map((id) => ({ kind: 'lost' as const, what: `Tick:${id} was acknowledged and is on no shard` })),
    ...[...stored].flatMap(([name, found]) => [
      ...(found.length > 1
        ? [{ kind: 'duplicate' as const, what: `${name} lies on ${found.map(({ shard }) => shard).join(' and ')}` }]
        : []),
      ...(possible.has(found[0]!.id) ? [] : [{ kind: 'resurrected' as const, what: `${name} is stored, and its insert was refused` }]),
    ]),
  ];
}

function counters(rows: readonly StoredRow[], dumps: readonly OracleDump[]): readonly Violation[] {
  return Array.from({ length: counterCount }, (_, index) => index).flatMap((index): readonly Violation[] => {
    const found = rows.filter(({ table, id }) => table === 'Counter' && id === `counter-${index}`);
    const sum = (which: 0 | 1) => dumps.reduce((total, dump) => total + dump.counters[index]![which], 0);
    const [least, most] = [sum(0), sum(0) + sum(1)];
    if (found.length !== 1)
      return [
        { kind: found.length === 0 ? ('lost' as const) : ('duplicate' as const), what: `counter ${index} lies on ${found.length} shards` },
      ];
    const count = Number(found[0]!.state);
    const kind = count < least ? ('lost' as const) : ('wrong' as const);
    return least <= count && count <= most
      ? []
      : [{ kind, what: `counter ${index} is ${count}, and ${least} to ${most} increments were made` }];
  });
}

function references(rows: readonly StoredRow[], { routes }: TopologyView): readonly Violation[] {
  const owners = new Set([...routes.values()].flatMap(({ shards }) => shards));
  return [...owners].flatMap((owner) => {
    const held = rows.filter(({ shard, table }) => table === 'Country' && shard === owner).map(({ id, state }) => `${id} ${state}`);
    const isWhole =
      held.sort().join() ===
      countries
        .map(({ code, name }) => `${code} ${name}`)
        .sort()
        .join();
    return isWhole
      ? []
      : [{ kind: 'lost' as const, what: `the reference table on ${owner} holds ${held.length} rows of ${countries.length}` }];
  });
}

function groupedBy(rows: readonly StoredRow[]): ReadonlyMap<string, readonly StoredRow[]> {
  const grouped = new Map<string, StoredRow[]>();
  for (const row of rows) {
    const name = `${row.table}:${row.id}`;
    const found = grouped.get(name);
    if (found) found.push(row);
    else grouped.set(name, [row]);
  }
  return grouped;
}
