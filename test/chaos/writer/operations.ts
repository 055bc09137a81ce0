import { type EntityManager, In } from 'typeorm';
import type { ShardedDataSource } from 'typeorm-sharding';
import type { Random } from '../random';
import { Account, Counter, counterCount, Entry, type OwnedTable, owned, Tick } from '../rows/entities';
import type { KeyRecord } from '../rows/key-record';
import { type Effect, entrySlots, noEntries, type RowState } from '../rows/row-state';

/** A write of one or several keys: what it does to the state of each, and how. */
export interface KeyedWrite {
  readonly effect: Effect;
  /** @throws {Mismatch} when the library acknowledges what cannot be. */
  run(): Promise<void>;
}

/** The library answered with something that the oracle knows to be impossible. */
export class Mismatch extends Error {
  constructor(
    readonly kind: 'lost' | 'wrong' | 'count',
    message: string,
  ) {
    super(message);
  }
}

const isolations = {
  mysql: ['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'],
  postgres: ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'],
  'better-sqlite3': ['SERIALIZABLE'],
} as const;

/** The operations of a writer on rows that it owns, each with its effect on the oracle. */
export class Operations {
  #stamp = 0;

  constructor(
    readonly cluster: ShardedDataSource,
    readonly random: Random,
    readonly writer: number,
  ) {}

  /** Reads what is stored of a key. */
  async read({ table, id }: KeyRecord, manager: EntityManager = this.cluster.manager): Promise<RowState> {
    const row = await manager.findOneBy(owned[table] as typeof Account, { id: id as string });
    if (!row) return null;
    const found = table === 'Account' ? await manager.findBy(Entry, { accountId: String(id) }) : [];
    const entries = noEntries.map((_, slot) => found.find((entry) => entry.id === `${id}/${slot}`)?.amount ?? null);
    return { stamp: row.stamp, count: row.count, entries };
  }

  insert(key: KeyRecord): KeyedWrite {
    if (key.table === 'Account' && this.random.integer(2) === 0) return this.#insertWithEntries(key);
    const { table, id, bucket } = key;
    const stamp = this.#next();
    return {
      effect: () => ({ stamp, count: 0, entries: noEntries }),
      run: async () => void (await this.cluster.getRepository(owned[table]).insert({ id, bucket, stamp, count: 0 } as never)),
    };
  }

  /** In a transaction whose first statement is an insert. */
  #insertWithEntries(key: KeyRecord): KeyedWrite {
    const [stamp, amount] = [this.#next(), this.random.integer(1_000)];
    const [id, accountId] = [String(key.id), String(key.id)];
    return {
      effect: () => ({ stamp, count: 0, entries: [amount, ...noEntries.slice(1)] }),
      run: () =>
        this.#transaction(key, async (manager) => {
          await manager.insert(Account, { id, bucket: key.bucket, stamp, count: 0 });
          await manager.insert(Entry, { id: `${id}/0`, accountId, amount });
        }),
    };
  }

  update({ table, id }: KeyRecord): KeyedWrite {
    const stamp = this.#next();
    return {
      effect: (state) => state && { ...state, stamp },
      run: async () => one(await this.cluster.getRepository(owned[table]).update({ id } as never, { stamp } as never), 'update'),
    };
  }

  increment({ table, id }: KeyRecord): KeyedWrite {
    return {
      effect: (state) => state && { ...state, count: state.count + 1 },
      run: async () =>
        one(await this.cluster.getRepository(owned[table]).update({ id } as never, { count: () => 'count + 1' } as never), 'increment'),
    };
  }

  delete(key: KeyRecord): KeyedWrite {
    const { table, id } = key;
    return {
      effect: () => null,
      run: async () => {
        if (table !== 'Account') return one(await this.cluster.getRepository(owned[table]).delete({ id } as never), 'delete');
        await this.#transaction(key, async (manager) => {
          await manager.delete(Entry, { accountId: String(id) });
          one(await manager.delete(Account, { id: String(id) }), 'delete');
        });
      },
    };
  }

  /** Reads, and writes what follows from what it read, in one transaction. */
  readModifyWrite(key: KeyRecord): KeyedWrite {
    const [stamp, slot, amount] = [this.#next(), this.random.integer(entrySlots), this.random.integer(1_000)];
    const isAccount = key.table === 'Account';
    const entriesOf = (state: NonNullable<RowState>) =>
      isAccount
        ? state.entries.map((each, index) => (index !== slot ? each : each === null ? amount : amount % 3 === 0 ? null : each + amount))
        : state.entries;
    const effect: Effect = (state) => state && { stamp, count: state.count * 2 + 1, entries: entriesOf(state) };
    return {
      effect,
      run: () =>
        this.#transaction(key, async (manager) => {
          const seen = await this.read(key, manager);
          if (!seen) throw new Mismatch('lost', `a transaction did not see ${key.name}`);
          const next = effect(seen)!;
          one(
            await manager.update(owned[key.table], { id: key.id } as never, { stamp, count: next.count } as never),
            'update in a transaction',
          );
          if (isAccount)
            await writeEntry(manager, {
              id: `${key.id}/${slot}`,
              accountId: String(key.id),
              was: seen.entries[slot]!,
              amount: next.entries[slot]!,
            });
        }),
    };
  }

  /** Saves rows of several shards at once. */
  save(keys: readonly KeyRecord[]): KeyedWrite {
    const stamp = this.#next();
    const rows = keys.map(({ id, bucket }) => ({ id, bucket, stamp, count: 5 }));
    return {
      effect: (state) => ({ stamp, count: 5, entries: state?.entries ?? noEntries }),
      run: async () => void (await this.cluster.getRepository(owned[keys[0]!.table]).save(rows as never[])),
    };
  }

  /** Updates a bucket on all shards by a condition without a key. */
  scatterUpdate(keys: readonly KeyRecord[]): KeyedWrite {
    const [{ table, bucket }, expected] = [keys[0]!, keys.filter(({ sole }) => sole !== null).length];
    return {
      effect: (state) => state && { ...state, count: state.count + 1 },
      run: async () => {
        const { affected } = await this.cluster
          .getRepository(owned[table])
          .acrossShards()
          .update({ bucket } as never, { count: () => 'count + 1' } as never);
        if (affected !== expected)
          throw new Mismatch('count', `a scatter update of ${table} ${bucket} changed ${affected} rows of ${expected}`);
      },
    };
  }

  /** Reads a bucket from all shards. */
  async scatterRead(keys: readonly KeyRecord[]): Promise<ReadonlyMap<string | number, { stamp: number; count: number }>> {
    const { table, bucket } = keys[0]!;
    const rows = (await this.cluster.getRepository(owned[table] as typeof Account).findBy({ bucket })) as readonly Account[];
    const found = new Map<string | number, Account>(rows.map((row) => [row.id, row]));
    if (found.size !== rows.length) throw new Mismatch('count', `a scatter read of ${table} ${bucket} answered a row twice`);
    return found;
  }

  /** Reads several keys, of several shards, in one call. */
  async readSeveral(table: OwnedTable, ids: readonly (string | number)[]): Promise<readonly (string | number)[]> {
    return (await this.cluster.getRepository(owned[table] as typeof Account).findBy({ id: In(ids as string[]) })).map(({ id }) => id);
  }

  tick(id: string): Promise<unknown> {
    return this.cluster.getRepository(Tick).insert({ id, stamp: this.#next() });
  }

  async incrementShared(index: number): Promise<void> {
    one(
      await this.cluster.getRepository(Counter).update({ id: `counter-${index % counterCount}` }, { count: () => 'count + 1' }),
      'increment of a counter',
    );
  }

  async readShared(index: number): Promise<number> {
    return (await this.cluster.getRepository(Counter).findOneByOrFail({ id: `counter-${index}` })).count;
  }

  #transaction({ table, id }: KeyRecord, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    const isolation = this.random.pick(isolations[this.cluster.options.type as keyof typeof isolations]);
    return this.cluster.forKey(owned[table], id).transaction(isolation, work);
  }

  #next(): number {
    this.#stamp += 1;
    return this.#stamp * 8 + this.writer;
  }
}

function one({ affected }: { readonly affected?: number | null }, operation: string): void {
  if (affected !== 1) throw new Mismatch('lost', `an acknowledged ${operation} changed ${affected} rows of one that is there`);
}

interface EntryChange {
  readonly id: string;
  readonly accountId: string;
  readonly was: number | null;
  readonly amount: number | null;
}

async function writeEntry(manager: EntityManager, { id, accountId, was, amount }: EntryChange): Promise<void> {
  if (was === null) await manager.insert(Entry, { id, accountId, amount: amount! });
  else if (amount === null) one(await manager.delete(Entry, { id, accountId }), 'delete of an entry');
  else one(await manager.update(Entry, { id, accountId }, { amount }), 'update of an entry');
}
