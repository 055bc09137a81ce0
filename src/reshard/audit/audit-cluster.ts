import type { LiveTopology } from '../../live';
import type { Topology } from '../../topology';
import { movableTables } from '../rows';
import { type OpenedShard, withSources } from '../with-sources';
import { type AuditCounts, type AuditedTable, type AuditProgress, type AuditReport, addCounts, auditReport, NO_ROWS } from './audit-report';
import { type AuditedRow, AuditedRows } from './audited-rows';
import { placeOf } from './row-place';

/** Settings of `cluster.reshard.audit()`. */
export interface AuditOptions {
  /** Ends the audit between two batches with its reason. */
  readonly signal?: AbortSignal;
  /** Is told after each batch. */
  readonly onProgress?: (progress: AuditProgress) => void;
  /** How many rows are read at once, 1 to 100,000. @defaultValue 2000 */
  readonly batchRows?: number;
}

/**
 * Looks at every row of every sharded table: whether it stands only on the shard that owns its key, whether its stored position is that of
 * its key, computed anew, and whether no primary key is there twice. Keys and rows are in no report and no message.
 *
 * Reads in batches by primary key and locks nothing; what it keeps in memory does not grow with the tables. Writers and moves may go on:
 * each batch is judged by the topology that was known after it was read. A row that is written anew elsewhere meanwhile may be missed.
 *
 * @throws {ShardError} when a shard does not answer; {@link ConfigurationError} for tables without a position.
 */
export async function auditCluster(live: LiveTopology, options: AuditOptions = {}): Promise<AuditReport> {
  const { core } = live;
  return withSources([...core.shards.values()], async (opened) => {
    const tables: AuditedTable[] = [];
    let rows = 0;
    for (const group of core.model.groups.map(({ name }) => name)) {
      for (const [index, { shard, source, runner }] of opened.entries()) {
        for (const table of movableTables(source, group)) {
          const own = new AuditedRows(source, runner, table);
          const later = own.isPlacedByKey ? [] : othersOf(opened.slice(index + 1), group, table.table);
          const subject = { live, group, shard: shard.name, own, later };
          const counts = await auditTable(subject, options, (batch) => {
            rows += batch;
            options.onProgress?.({ shard: shard.name, table: table.table, rows });
          });
          tables.push({ shard: shard.name, group, table: table.table, ...counts });
        }
      }
    }
    return auditReport(tables);
  });
}

/** One table on one shard, and the same table on the shards after it, which may have the same keys. */
interface Subject {
  readonly live: LiveTopology;
  readonly group: string;
  readonly shard: string;
  readonly own: AuditedRows;
  readonly later: readonly { readonly shard: string; readonly rows: AuditedRows }[];
}

function othersOf(opened: readonly OpenedShard[], group: string, name: string): Subject['later'] {
  return opened.flatMap(({ shard, source, runner }) =>
    movableTables(source, group)
      .filter(({ table }) => table === name)
      .map((table) => ({ shard: shard.name, rows: new AuditedRows(source, runner, table) })),
  );
}

async function auditTable(
  subject: Subject,
  { signal, batchRows = 2_000 }: AuditOptions,
  onBatch: (rows: number) => void,
): Promise<AuditCounts> {
  let counts = NO_ROWS;
  for (let last: AuditedRow | undefined; ; ) {
    signal?.throwIfAborted();
    const batch = await subject.own.after(last?.key, batchRows);
    const topology = await newest(subject.live);
    counts = addCounts(counts, countBatch(subject, topology, batch));
    counts = addCounts(counts, { ...NO_ROWS, duplicated: await duplicatedIn(subject, topology, batch) });
    onBatch(batch.length);
    last = batch.at(-1);
    if (batch.length < batchRows) return counts;
  }
}

/** Newer than the rows: a row that has moved since is a departure then, and never out of place. */
function newest(live: LiveTopology): Promise<Topology> | Topology {
  return live.core.options.isShared ? live.refresh() : live.current;
}

function countBatch({ group, shard }: Subject, topology: Topology, batch: readonly AuditedRow[]): AuditCounts {
  const places = batch.map(({ computed }) =>
    computed === undefined ? 'misplaced' : placeOf(topology, group, { shard, position: computed }),
  );
  const count = (place: string) => places.filter((each, index) => each === place && batch[index]?.computed !== undefined).length;
  return {
    ...NO_ROWS,
    rows: batch.length,
    misplaced: count('misplaced'),
    arrivals: count('arrival'),
    departures: count('departure'),
    missingPosition: batch.filter(({ stored }) => stored === undefined).length,
    wrongPosition: batch.filter(({ stored, computed }) => stored !== undefined && stored !== computed).length,
  };
}

async function duplicatedIn({ group, shard, later }: Subject, topology: Topology, batch: readonly AuditedRow[]): Promise<number> {
  const isOwned = (place: string) => (row: AuditedRow) =>
    row.computed !== undefined && placeOf(topology, group, { shard: place, position: row.computed }) === 'owned';
  const keys = batch.filter(isOwned(shard)).map(({ key }) => key);
  let duplicated = 0;
  for (const other of later) duplicated += (await other.rows.among(keys)).filter(isOwned(other.shard)).length;
  return duplicated;
}
