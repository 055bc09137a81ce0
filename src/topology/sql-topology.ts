import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueryResult } from 'typeorm';
import { TopologyStoreError } from '../errors';
import { Silence } from './silence';
import { resolveSqlTopologyOptions, type SqlTopologyOptions } from './sql/sql-topology-options';
import { StatementFailure, StoreConnection } from './sql/store-connection';
import type { TopologyTables } from './sql/topology-tables';
import type { LiveClient, StoredTopology, SwapOutcome, TopologyClient, TopologyStore } from './topology-store';

/**
 * A topology store in a SQL database, in one small table: for clusters of several processes. It connects when it is first used, and
 * makes its tables if they are missing.
 *
 * Each swap is one statement that compares and sets by the row's key. The database must not lose what it has committed: a replica
 * that takes over must have it.
 *
 * @throws {ConfigurationError} with every fault of the options.
 */
export function sqlTopology(options: SqlTopologyOptions): TopologyStore {
  const { cluster, pollMs, ...rest } = resolveSqlTopologyOptions(options);
  return new SqlTopology(cluster, pollMs, new StoreConnection({ cluster, pollMs, ...rest }));
}

class SqlTopology implements TopologyStore {
  readonly #cluster: string;
  readonly #pollMs: number;
  readonly #connection: StoreConnection;
  readonly #silence = new Silence();
  readonly #ownClients = new Set<string>();
  #watches = new AbortController();

  constructor(cluster: string, pollMs: number, connection: StoreConnection) {
    this.#cluster = cluster;
    this.#pollMs = pollMs;
    this.#connection = connection;
  }

  async read(): Promise<StoredTopology | null> {
    const { records } = await this.#run('read', ({ read }) => read, []);
    const [row] = records;
    return row ? { version: Number(row.version), document: String(row.document) } : null;
  }

  async compareAndSwap(expected: number | null, document: string): Promise<SwapOutcome> {
    try {
      if (expected === null) await this.#connection.run(({ insert }) => insert, [this.#cluster, document]);
      else return await this.#replace(expected, document);
      return 'stored';
    } catch (error) {
      if (!(error instanceof StatementFailure)) throw error;
      if (error.isDuplicate) return 'conflict';
      if (error.isRefused) throw storeError('compareAndSwap', error);
      return 'unknown';
    }
  }

  async *watch(signal: AbortSignal): AsyncGenerator<StoredTopology, void, undefined> {
    const end = AbortSignal.any([signal, this.#watches.signal]);
    let given = 0;
    while (!end.aborted) {
      const current = await this.#newerThan(given);
      if (current && !end.aborted) {
        given = current.version;
        yield current;
      }
      // It rejects when the signal aborts, which the loop sees.
      await delay(this.#pollMs, undefined, { signal: end }).catch(() => undefined);
    }
  }

  async heartbeat({ id, version, connected }: TopologyClient): Promise<void> {
    this.#ownClients.add(id);
    await this.#run('heartbeat', ({ beat }) => beat, [id, version, JSON.stringify(connected), randomUUID()]);
  }

  async liveClients(silentForMs: number): Promise<readonly LiveClient[]> {
    const { records } = await this.#run('liveClients', ({ beats }) => beats, []);
    const heartbeats = records.map(({ id, version, connected, beat }) => ({
      id: String(id),
      version: Number(version),
      connected: JSON.parse(String(connected)) as readonly string[],
      beat: String(beat),
    }));
    const live = this.#silence.observe(heartbeats, silentForMs);
    const ids = new Set(live.map(({ id }) => id));
    for (const { id, beat } of heartbeats) if (!ids.has(id)) await this.#run('liveClients', ({ sweep }) => sweep, [id, beat]);
    return live;
  }

  async destroy(): Promise<void> {
    this.#watches.abort();
    this.#watches = new AbortController();
    for (const id of this.#ownClients) {
      // What cannot be taken back now counts as silent later.
      await this.#run('destroy', ({ forget }) => forget, [id]).catch(() => undefined);
    }
    this.#ownClients.clear();
    await this.#connection.close();
  }

  async #replace(expected: number, document: string): Promise<SwapOutcome> {
    const { affected } = await this.#connection.run(({ update }) => update, [document, this.#cluster, expected]);
    return affected === 1 ? 'stored' : 'conflict';
  }

  /** While the store is down a watch has nothing to tell; whoever needs an answer asks for one. */
  async #newerThan(given: number): Promise<StoredTopology | null> {
    try {
      const { records } = await this.#run('watch', ({ version }) => version, []);
      return Number(records[0]?.version ?? 0) > given ? await this.read() : null;
    } catch (error) {
      if (error instanceof TopologyStoreError) return null;
      throw error;
    }
  }

  async #run(operation: string, statement: (tables: TopologyTables) => string, parameters: readonly unknown[]): Promise<QueryResult> {
    try {
      return await this.#connection.run(statement, [this.#cluster, ...parameters]);
    } catch (error) {
      throw error instanceof StatementFailure ? storeError(operation, error) : error;
    }
  }
}

function storeError(operation: string, failure: StatementFailure): TopologyStoreError {
  return new TopologyStoreError(operation, 'its database refused, or did not answer. The cause has the details.', {
    cause: failure.cause,
    retryable: failure.isTransient,
  });
}
