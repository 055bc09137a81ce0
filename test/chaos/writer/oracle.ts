import { setTimeout as delay } from 'node:timers/promises';
import { keyInSlots } from '../library';
import type { Random } from '../random';
import { counterCount, type OwnedTable } from '../rows/entities';
import { KeyRecord } from '../rows/key-record';
import { stateText } from '../rows/row-state';
import type { Bounds, OracleDump } from './writer-report';

const keysOf: Readonly<Record<OwnedTable, number>> = { Account: 160, Meter: 60, Reading: 60 };
const bucketsOfWriter = 6;

/** What one writer knows of its rows: only it writes them, each by one operation at a time. */
export class Oracle {
  readonly keys: readonly KeyRecord[];
  readonly ticks = new Set<string>();
  readonly doubtfulTicks = new Set<string>();
  readonly counters: [number, number][] = Array.from({ length: counterCount }, () => [0, 0]);
  readonly #reserved = new Set<string>();

  constructor(readonly writer: number) {
    this.keys = (Object.keys(keysOf) as OwnedTable[]).flatMap((table) =>
      Array.from(
        { length: keysOf[table] },
        (_, index) => new KeyRecord(table, idOf(table, writer, index), `w${writer}b${index % bucketsOfWriter}`),
      ),
    );
  }

  /** Takes free keys of one table for an operation. */
  take(random: Random, table: OwnedTable, count: number): readonly KeyRecord[] {
    const free = this.keys.filter((key) => key.table === table && !key.isBusy && !this.#reserved.has(`${table}${key.bucket}`));
    const taken = random.shuffled(free).slice(0, count);
    for (const key of taken) key.isBusy = true;
    return taken;
  }

  /** Takes all keys of a bucket, once operations on them have ended; none when another one wants them. */
  async takeBucket(random: Random, table: OwnedTable): Promise<readonly KeyRecord[]> {
    const bucket = `w${this.writer}b${random.integer(bucketsOfWriter)}`;
    const name = `${table}${bucket}`;
    if (this.#reserved.has(name)) return [];
    this.#reserved.add(name);
    const keys = this.keys.filter((key) => key.table === table && key.bucket === bucket);
    while (keys.some(({ isBusy }) => isBusy)) await delay(3);
    for (const key of keys) key.isBusy = true;
    this.#reserved.delete(name);
    return keys;
  }

  give(keys: readonly KeyRecord[]): void {
    for (const key of keys) key.isBusy = false;
  }

  bounds(): Bounds {
    const of = (table: OwnedTable): readonly [number, number] => {
      const keys = this.keys.filter((key) => key.table === table);
      const all = keys.filter(({ possible }) => possible.every((state) => state !== null)).length;
      return [all, keys.filter(({ possible }) => possible.some((state) => state !== null)).length];
    };
    const ticks = this.ticks.size;
    return { Account: of('Account'), Meter: of('Meter'), Reading: of('Reading'), Tick: [ticks, ticks + this.doubtfulTicks.size] };
  }

  dump(): OracleDump {
    const keys = this.keys.map((key) => [key.name, { possible: key.possible.map(stateText), history: key.history }] as const);
    return { keys: Object.fromEntries(keys), ticks: [...this.ticks], doubtfulTicks: [...this.doubtfulTicks], counters: this.counters };
  }
}

function idOf(table: OwnedTable, writer: number, index: number): string | number {
  return table === 'Account' ? keyInSlots(`account-${writer}-${index}`, index % 2 === 0) : writer * 1_000_000 + index * 7 + 1;
}
