import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import {
  hashRing,
  memoryTopology,
  ShardedDataSource,
  type ShardedDataSourceOptions,
  ShardingError,
  ShardKey,
  ShardsFailedError,
  sqlTopology,
} from '../../src';
import { optionsFor } from '../cluster/fixtures/clusters';
import { createDatabases, type DatabaseKind, databaseKinds } from '../database';

@Entity()
class Account {
  @ShardKey()
  @PrimaryColumn({ length: 36 })
  id!: string;

  @Column()
  amount!: number;

  @Column({ length: 20 })
  kind!: string;
}

const QUICK = { routeLeaseMs: 400, refreshMs: 50, idleTimeoutMs: 1_000, disarmMarginMs: 50, staleRetryMs: 5_000 };

/** Keeps what was acknowledged of each account, and compares. */
class Writer {
  readonly amounts = new Map<string, number>();
  readonly faults: string[] = [];
  operations = 0;
  refused = 0;
  #stopped = false;

  constructor(readonly cluster: ShardedDataSource) {}

  stop(): void {
    this.#stopped = true;
  }

  async insert(): Promise<string> {
    const id = randomUUID();
    await this.cluster.getRepository(Account).insert({ id, amount: 1, kind: 'plain' });
    this.amounts.set(id, 1);
    return id;
  }

  async run(ids: string[]): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      this.operations += 1;
      // Statements of better-sqlite3 are no events; without this nothing else would have its turn.
      await new Promise((go) => setImmediate(go));
      const id = ids[turn % ids.length] as string;
      await this.#step(turn, id, ids).catch((error: unknown) => {
        // Deadlocks with the updates of all rows, and rows that did not come to rest in time: refused, and nothing done.
        if (!(error instanceof ShardingError && error.retryable)) throw error;
        this.refused += 1;
      });
    }
  }

  async #step(turn: number, id: string, ids: string[]): Promise<void> {
    const repository = this.cluster.getRepository(Account);
    if (!this.amounts.has(id)) {
      if (await repository.findOneBy({ id })) this.faults.push('a deleted row is there');
    } else if (turn % 11 === 0) ids.push(await this.insert());
    else if (turn % 13 === 0) await this.#delete(id);
    else if (turn % 3 === 0) await this.#transact(id);
    else if (turn % 3 === 1) await this.#increment(id);
    else await this.#read(id);
  }

  async #increment(id: string): Promise<void> {
    const result = await this.cluster.getRepository(Account).increment({ id }, 'amount', 1);
    if (result.affected === 0) this.faults.push('an increment met no row');
    this.amounts.set(id, (this.amounts.get(id) ?? 0) + 1);
  }

  async #delete(id: string): Promise<void> {
    const result = await this.cluster.getRepository(Account).delete({ id });
    if (result.affected === 0) this.faults.push('a delete met no row');
    this.amounts.delete(id);
  }

  async #transact(id: string): Promise<void> {
    const amount = await this.cluster.forKey(Account, id).transaction(async (manager) => {
      const account = await manager.findOneByOrFail(Account, { id });
      account.amount += 10;
      await manager.save(account);
      return account.amount;
    });
    if (amount !== (this.amounts.get(id) ?? 0) + 10) this.faults.push('a transaction read another amount');
    this.amounts.set(id, amount);
  }

  async #read(id: string): Promise<void> {
    const account = await this.cluster.getRepository(Account).findOneBy({ id });
    if (account?.amount !== this.amounts.get(id)) this.faults.push('a read gave another amount');
  }
}

/** Reads all rows of all shards beside the library. */
async function storedAmounts(cluster: ShardedDataSource): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (const { dataSource } of cluster.shards) {
    for (const { id, amount } of await dataSource.getRepository(Account).find()) found.set(id, [...(found.get(id) ?? []), amount]);
  }
  return found;
}

describe.each(databaseKinds)('Calls while rows move, on %s', (kind: DatabaseKind) => {
  const directory = mkdtempSync(join(tmpdir(), 'moving-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  async function start(topology: 'memory' | 'sql') {
    const databases = await createDatabases(kind, 3, { onDisk: kind === 'better-sqlite3' });
    const store =
      topology === 'memory'
        ? memoryTopology()
        : sqlTopology({ type: 'better-sqlite3', database: join(directory, `${randomUUID()}.sqlite`), cluster: 'default', pollMs: 50 });
    const options = optionsFor(databases, {
      entities: [Account],
      synchronize: true,
      // A row for each of 4096 slots takes its time on servers.
      ...(kind !== 'sqljs' && { placement: hashRing({ virtualNodes: 8 }) }),
      topology: store,
      resharding: topology === 'memory' ? { ...QUICK, graceMs: 100 } : QUICK,
    });
    const shards = options.shards.map((shard, index) => ({ ...(shard as object), ...(index === 2 && { weight: 0 }) }));
    const cluster = await new ShardedDataSource({ ...options, shards } as unknown as ShardedDataSourceOptions).initialize();
    await cluster.reshard.provision();
    return { databases, cluster };
  }

  // Databases that outlive the process would need their map again.
  it.each(kind === 'sqljs' ? (['memory', 'sql'] as const) : (['sql'] as const))(
    'lose nothing and read nothing twice, with the topology in %s',
    async (topology) => {
      const { databases, cluster } = await start(topology);
      try {
        const writer = new Writer(cluster);
        const lists: string[][] = [];
        for (let each = 0; each < 4; each += 1) {
          const ids: string[] = [];
          for (let row = 0; row < 60; row += 1) ids.push(await writer.insert());
          lists.push(ids);
        }
        const still = Array.from({ length: 40 }, () => ({ id: randomUUID(), amount: 0, kind: 'still' }));
        await cluster.getRepository(Account).insert(still);
        const writing = lists.map((ids) =>
          writer.run(ids).catch((error: unknown) => writer.faults.push(String((error as Error).stack) + String((error as Error).cause))),
        );
        const added = cluster.shards[2]?.name as string;
        const run = await cluster.reshard.start(await cluster.reshard.plan({ add: [added] }), { chunkRows: 10 });
        let counts = 0;
        const counting = (async () => {
          for (;;) {
            const count = await cluster.getRepository(Account).countBy({ kind: 'still' });
            if (count !== still.length) writer.faults.push(`a count gave ${count} of ${still.length}`);
            // It needs a moment in which nothing is frozen, and is refused when there is none for too long.
            const marking = cluster.manager.withScatter({ writes: 'allow' });
            const marked = await marking.update(Account, { kind: 'still' }, { amount: () => 'amount + 1' }).catch((error: unknown) => {
              const isHalfDone = error instanceof ShardsFailedError && error.succeeded.length > 0;
              if (error instanceof ShardingError && error.retryable && !isHalfDone) return undefined;
              throw error;
            });
            if (marked) counts += 1;
            if (marked && marked.affected !== still.length)
              writer.faults.push(`a scatter update met ${marked.affected} of ${still.length}`);
            if (await Promise.race([run.finished.then(() => true), new Promise((go) => setTimeout(go, 20, false))])) return;
          }
        })();
        const report = await run.finished;
        await counting;
        writer.stop();
        await Promise.all(writing);
        expect(writer.faults).toEqual([]);
        const stored = await storedAmounts(cluster);
        for (const { id } of still) expect(stored.get(id)).toEqual([counts]);
        for (const { id } of still) stored.delete(id);
        expect(stored).toEqual(new Map([...writer.amounts].map(([id, amount]) => [id, [amount]])));
        expect(writer.refused).toBeLessThan(writer.operations / 10);
        expect(report.outcome).toBe('done');
        expect(counts).toBeGreaterThan(0);
        expect(await cluster.shard(added).dataSource.getRepository(Account).count()).toBeGreaterThan(0);
      } finally {
        await cluster.destroy();
        await databases.stop();
      }
    },
    120_000,
  );
});
