import { undo } from '../../cluster';
import { type CopiedRow, keyText, type TableRows } from '../rows/copied-rows';
import { insertRows } from '../rows/insert-rows';
import { KeyCondition } from '../rows/key-condition';
import { readRows } from '../rows/read-rows';
import type { ReferenceSide } from '../rows/reference-table';
import { send } from '../rows/statement';
import { tableFor } from '../rows/write-rows';

/** Rows that differ, by the text of their key: what both sides have, as one text. */
export type Differences = ReadonlyMap<string, string>;

/** How many rows one statement deletes. */
const BATCH_ROWS = 200;

/** A table on two shards, looked at in ranges of its primary key, one after another and nothing between them. */
export class ReferenceRange {
  readonly #source: ReferenceSide;
  readonly #target: ReferenceSide;
  #after: CopiedRow | undefined;
  #upto: CopiedRow | undefined;
  #isBegun = false;

  constructor(source: ReferenceSide, target: ReferenceSide) {
    this.#source = source;
    this.#target = target;
  }

  /** Goes to the next range, of `rows` rows of the source as it is now; the last one has no end. @returns false when there is none. */
  async next(rows: number): Promise<boolean> {
    if (this.#isBegun && this.#upto === undefined) return false;
    this.#after = this.#upto;
    this.#isBegun = true;
    const { runner, table } = this.#source;
    const key = new KeyCondition(runner, table);
    const rest = ` WHERE ${key.range({ after: this.#after, upto: undefined })} ORDER BY ${key.order} LIMIT ${rows}`;
    const read = await inTransaction(this.#source, () => readRows(runner, table, { rest, parameters: key.parameters }));
    this.#upto = read.rows.length < rows ? undefined : read.rows.at(-1);
    return true;
  }

  /** The rows of the range that are not the same on both sides now; the source is read first, and nothing stays locked. */
  async differences(): Promise<Differences> {
    const source = await inTransaction(this.#source, () => this.#read(this.#source));
    const target = await inTransaction(this.#target, () => this.#read(this.#target));
    return differencesOf(this.#pairs(source, target));
  }

  /** Copies the rows whose difference is still the one noted. @returns how many rows were written or deleted. */
  copyUnchanged(noted: Differences): Promise<number> {
    return inTransaction(this.#source, async () => {
      const source = await this.#read(this.#source);
      return inTransaction(this.#target, async () => {
        const pairs = this.#pairs(source, await this.#read(this.#target));
        const now = differencesOf(pairs);
        const unchanged = [...pairs].filter(([key]) => noted.has(key) && noted.get(key) === now.get(key)).map(([, pair]) => pair);
        await this.#delete(unchanged.flatMap(({ source: own, target }) => (!own && target ? [target] : [])));
        const written = unchanged.flatMap(({ source: own }) => (own ? [own] : []));
        await insertRows(this.#target.runner, this.#target.table, { rows: written, onPresent: 'replace' });
        return unchanged.length;
      });
    });
  }

  #read({ runner, table }: ReferenceSide): Promise<TableRows> {
    const key = new KeyCondition(runner, table);
    const rest = ` WHERE ${key.range({ after: this.#after, upto: this.#upto })}`;
    return readRows(runner, table, { rest, parameters: key.parameters });
  }

  #pairs(source: TableRows, target: TableRows): ReadonlyMap<string, Pair> {
    tableFor([this.#target.table], source);
    const pairs = new Map<string, Pair>(source.rows.map((row) => [keyText(source, row), { source: row, target: undefined }]));
    for (const row of target.rows) pairs.set(keyText(target, row), { source: pairs.get(keyText(target, row))?.source, target: row });
    return pairs;
  }

  async #delete(rows: readonly CopiedRow[]): Promise<void> {
    const { runner, table } = this.#target;
    for (let at = 0; at < rows.length; at += BATCH_ROWS) {
      const key = new KeyCondition(runner, table);
      const condition = key.anyOf(rows.slice(at, at + BATCH_ROWS));
      await send(runner, `DELETE FROM ${table.quotedPath} WHERE ${condition}`, key.parameters);
    }
  }
}

interface Pair {
  readonly source: CopiedRow | undefined;
  readonly target: CopiedRow | undefined;
}

function differencesOf(pairs: ReadonlyMap<string, Pair>): Differences {
  const texts = [...pairs].map(
    ([key, { source, target }]) => [key, JSON.stringify(source ?? null), JSON.stringify(target ?? null)] as const,
  );
  return new Map(texts.filter(([, own, other]) => own !== other).map(([key, own, other]) => [key, `${own}\n${other}`]));
}

async function inTransaction<T>({ runner }: ReferenceSide, work: () => Promise<T>): Promise<T> {
  await runner.startTransaction();
  try {
    const value = await work();
    await runner.commitTransaction();
    return value;
  } catch (error) {
    await undo(runner);
    throw error;
  }
}
