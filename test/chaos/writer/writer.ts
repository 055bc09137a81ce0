import { setTimeout as delay } from 'node:timers/promises';
import type { ShardedDataSource } from 'typeorm-sharding';
import { internals, topologyOf } from '../library';
import { Random } from '../random';
import { counterCount, type OwnedTable, owned } from '../rows/entities';
import type { KeyRecord } from '../rows/key-record';
import { stateText } from '../rows/row-state';
import { type KeyedWrite, Mismatch, Operations } from './operations';
import { Oracle } from './oracle';
import { outcomeOf } from './outcome';
import type { Violation, WriterReport } from './writer-report';

/** What a writer is told at its start. */
export interface WriterSettings {
  readonly seed: number;
  readonly writer: number;
  readonly loops: number;
  /** Acknowledges every so many updates without sending them: the trial must notice. 0: none. */
  readonly dropEvery: number;
  /** Waits between operations of a loop. */
  readonly paceMs: number;
}

const weights = {
  insert: 14,
  update: 16,
  increment: 14,
  delete: 7,
  transaction: 14,
  save: 5,
  scatterUpdate: 2,
  scatterRead: 3,
  read: 12,
  readSeveral: 3,
  tick: 4,
  shared: 6,
};
const tables: Readonly<Record<OwnedTable, number>> = { Account: 6, Meter: 2, Reading: 2 };
const stuckMs = 30_000;

type Tally = Record<'acknowledged' | 'refused' | 'unknown', number>;

/** Loops that write and read, and compare every answer with the oracle. */
export class Writer {
  readonly oracle: Oracle;
  readonly #operations: Operations;
  readonly #random: Random;
  readonly #tallies: Record<string, Tally> = {};
  readonly #errors: Record<string, number> = {};
  readonly #movingMs: number[] = [];
  readonly #running = new Map<number, { readonly kind: string; readonly at: number }>();
  readonly #reported = new Set<number>();
  #slowestMs = 0;
  #sequence = 0;
  #updates = 0;
  #isHeld = true;
  #isEnded = false;

  constructor(
    readonly cluster: ShardedDataSource,
    readonly settings: WriterSettings,
    readonly violate: (violation: Violation) => void,
  ) {
    this.#random = new Random(settings.seed);
    this.oracle = new Oracle(settings.writer);
    this.#operations = new Operations(cluster, new Random(settings.seed + 1), settings.writer);
  }

  /** Runs until {@link end}. */
  async run(): Promise<void> {
    const watch = setInterval(() => this.#watch(), 1_000);
    await Promise.all(Array.from({ length: this.settings.loops }, () => this.#loop()));
    clearInterval(watch);
  }

  /** Begins nothing more, and waits for what runs, but not longer than given. @returns how many operations still run. */
  async hold(patienceMs: number): Promise<number> {
    this.#isHeld = true;
    const end = Date.now() + patienceMs;
    while (this.#running.size > 0 && Date.now() < end) await delay(5);
    return this.#running.size;
  }

  release(): void {
    this.#isHeld = false;
  }

  end(): void {
    this.#isEnded = true;
    this.#isHeld = false;
  }

  report(): WriterReport {
    return { operations: this.#tallies, errors: this.#errors, movingMs: this.#movingMs, slowestMs: this.#slowestMs };
  }

  /** How many operations have ended. */
  get done(): number {
    return Object.values(this.#tallies).reduce((sum, { acknowledged, refused, unknown }) => sum + acknowledged + refused + unknown, 0);
  }

  async #loop(): Promise<void> {
    while (!this.#isEnded) {
      if (this.#isHeld) await delay(5);
      else await this.#one(this.#random.weighted(weights));
      if (this.settings.paceMs > 0) await delay(this.settings.paceMs);
    }
  }

  async #one(kind: keyof typeof weights): Promise<void> {
    if (kind === 'tick') return this.#tick();
    if (kind === 'shared') return this.#shared();
    const table = this.#random.weighted(tables);
    const isScatter = kind === 'scatterUpdate' || kind === 'scatterRead';
    const count = kind === 'save' || kind === 'readSeveral' ? 2 + this.#random.integer(4) : 1;
    const sequence = this.#begin(kind);
    const keys = isScatter ? await this.oracle.takeBucket(this.#random, table) : this.oracle.take(this.#random, table, count);
    try {
      if (keys.length === 0 || !(await this.#settle(keys, kind === 'read' ? 1 : 0.3))) return;
      if (kind === 'read') return;
      if (kind === 'scatterRead') await this.#attempt(kind, [], () => this.#scatterRead(keys));
      else if (kind === 'readSeveral') await this.#attempt(kind, [], () => this.#readSeveral(keys));
      else await this.#write(kind, keys);
    } finally {
      this.oracle.give(keys);
      this.#running.delete(sequence);
    }
  }

  /** Reads keys of which several states are possible, and others now and then; their answers must be possible. */
  async #settle(keys: readonly KeyRecord[], share: number): Promise<boolean> {
    for (const key of keys) {
      if (key.sole !== undefined && (keys.length > 1 || this.#random.next() >= share)) continue;
      const isRead = await this.#attempt('read', [], async () => {
        const before = key.allowed.map(stateText).join(' | ');
        const state = await this.#operations.read(key);
        if (key.saw(state)) return;
        const kind = state === null ? 'lost' : before === 'absent' ? 'resurrected' : 'wrong';
        this.violate({ kind, what: `a read of ${key.name} saw ${stateText(state)}, possible were ${before}`, history: [...key.history] });
      });
      if (!isRead && key.sole === undefined) return false;
    }
    return true;
  }

  async #write(kind: string, keys: readonly KeyRecord[]): Promise<void> {
    const write = this.#chosen(kind, keys);
    if (!write) return;
    for (const key of keys) key.begin(write.effect);
    const begun = performance.now();
    const isMoving = keys.length === 1 && this.#isMoving(keys[0]!);
    const isDone = await this.#attempt(kind, keys, () => this.#sent(kind, write), write);
    if (isDone && (isMoving || (keys.length === 1 && this.#isMoving(keys[0]!)))) this.#movingMs.push(performance.now() - begun);
  }

  /** The write, or instead of it nothing at all where the trial itself is on trial. */
  async #sent(kind: string, write: KeyedWrite): Promise<void> {
    if (kind === 'update' && this.settings.dropEvery > 0 && ++this.#updates % this.settings.dropEvery === 0) return;
    await write.run();
  }

  #chosen(kind: string, keys: readonly KeyRecord[]): KeyedWrite | undefined {
    const [key] = keys as readonly [KeyRecord];
    if (kind === 'save') return this.#operations.save(keys);
    if (kind === 'scatterUpdate') return this.#operations.scatterUpdate(keys);
    if (key.sole === null) return this.#operations.insert(key);
    if (kind === 'increment') return this.#operations.increment(key);
    if (kind === 'delete') return this.#operations.delete(key);
    if (kind === 'transaction') return this.#operations.readModifyWrite(key);
    return this.#operations.update(key);
  }

  async #scatterRead(keys: readonly KeyRecord[]): Promise<void> {
    const found = await this.#operations.scatterRead(keys);
    for (const key of keys) {
      const [row, sole] = [found.get(key.id), key.sole];
      const isSame = sole === null ? row === undefined : row?.stamp === sole?.stamp && row?.count === sole?.count;
      if (!isSame)
        this.violate({
          kind: 'count',
          what: `a scatter read saw ${key.name} as ${row ? `${row.stamp}/${row.count}` : 'absent'}`,
          history: [...key.history],
        });
    }
  }

  async #readSeveral(keys: readonly KeyRecord[]): Promise<void> {
    const found = await this.#operations.readSeveral(
      keys[0]!.table,
      keys.map(({ id }) => id),
    );
    const expected = keys.filter(({ sole }) => sole !== null).map(({ id }) => id);
    if (expected.length === found.length && expected.every((id) => found.includes(id))) return;
    this.violate({
      kind: 'wrong',
      what: `a read of several keys saw ${found.join(', ')} and not ${expected.join(', ')}`,
      history: keys.flatMap(({ history }) => history.slice(-4)),
    });
  }

  async #tick(): Promise<void> {
    const sequence = this.#begin('tick');
    const id = `tick-${this.settings.writer}-${sequence}`;
    this.oracle.doubtfulTicks.add(id);
    const answer = await this.#attempt('tick', [], () => this.#operations.tick(id));
    if (answer) this.oracle.ticks.add(id);
    // What was refused is surely not there; what is unknown stays in doubt.
    if (answer || answer === false) this.oracle.doubtfulTicks.delete(id);
    this.#running.delete(sequence);
  }

  async #shared(): Promise<void> {
    const sequence = this.#begin('shared');
    const index = this.#random.integer(counterCount);
    const counter = this.oracle.counters[index]!;
    counter[1] += 1;
    const answer = await this.#attempt('shared', [], () => this.#operations.incrementShared(index));
    if (answer) counter[0] += 1;
    if (answer || answer === false) counter[1] -= 1;
    const least = counter[0];
    await this.#attempt('read', [], async () => {
      const seen = await this.#operations.readShared(index);
      if (seen < least)
        this.violate({ kind: 'lost', what: `counter ${index} is ${seen}, and this process alone has ${least} acknowledged increments` });
    });
    this.#running.delete(sequence);
  }

  /** @returns true: acknowledged; false: refused; undefined: unknown. */
  async #attempt(kind: string, keys: readonly KeyRecord[], work: () => Promise<unknown>, write?: KeyedWrite): Promise<boolean | undefined> {
    this.#tallies[kind] ??= { acknowledged: 0, refused: 0, unknown: 0 };
    const tally = this.#tallies[kind];
    const begun = performance.now();
    const version = topologyOf(this.cluster).version;
    const note = (line: string) => {
      const ms = performance.now() - begun;
      this.#slowestMs = Math.max(this.#slowestMs, ms);
      for (const key of keys) key.note(`${kind} ${line} in ${ms.toFixed(0)} ms, topology ${version}…${topologyOf(this.cluster).version}`);
    };
    try {
      await work();
      for (const key of keys) key.acknowledge(write!.effect);
      tally.acknowledged += 1;
      note('acknowledged');
      return true;
    } catch (error) {
      return this.#failed(error, { kind, keys, tally, note });
    }
  }

  #failed(
    error: unknown,
    {
      kind,
      keys,
      tally,
      note,
    }: { readonly kind: string; readonly keys: readonly KeyRecord[]; readonly tally: Tally; readonly note: (line: string) => void },
  ): boolean | undefined {
    if (error instanceof Mismatch) {
      for (const key of keys) key.doubt();
      note(error.message);
      this.violate({ kind: error.kind, what: error.message, history: keys.flatMap(({ history }) => history.slice(-8)) });
      return undefined;
    }
    const outcome = outcomeOf(error);
    this.#errors[outcome.code] = (this.#errors[outcome.code] ?? 0) + 1;
    for (const key of keys) {
      if (outcome.kind === 'refused') key.refuse();
      else key.doubt();
    }
    const where = keys.map(({ table, id }) => this.cluster.shardFor(owned[table], id).name).join(' ');
    note(`${outcome.kind} by ${outcome.code} (${(error as Error)?.name} ${(error as { shard?: string })?.shard ?? ''}; keys on ${where})`);
    tally[outcome.kind === 'refused' ? 'refused' : 'unknown'] += 1;
    if (outcome.kind === 'unexpected') {
      const stack = String((error as Error)?.stack)
        .split('\n')
        .slice(0, 6)
        .join('\n');
      this.violate({
        kind: 'unexpected',
        what: `${kind}: ${outcome.code}\n${stack}`,
        history: keys.flatMap(({ history }) => history.slice(-8)),
      });
    }
    return outcome.kind === 'refused' ? false : undefined;
  }

  /** Whether the key lies in a row that has begun to move and is not at its end. */
  #isMoving({ table, id }: KeyRecord): boolean {
    const move = topologyOf(this.cluster).plan?.moves.get(table);
    if (!move) return false;
    const position = table === 'Account' ? internals.hashPosition(String(id)) : Number(id);
    return move.rows.some(({ since, upto, watermark, token }) => since <= position && position < upto && token > 0 && watermark > since);
  }

  #begin(kind: string): number {
    const sequence = ++this.#sequence;
    this.#running.set(sequence, { kind, at: performance.now() });
    return sequence;
  }

  #watch(): void {
    for (const [sequence, { kind, at }] of this.#running) {
      if (performance.now() - at < stuckMs || this.#reported.has(sequence)) continue;
      this.#reported.add(sequence);
      this.violate({ kind: 'stuck', what: `an operation (${kind}) has run for more than ${stuckMs / 1_000} s` });
    }
  }
}
