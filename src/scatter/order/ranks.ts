import type { EntityManager } from 'typeorm';
import { MergeOrderError } from '../../errors';
import { isMysql } from '../../metadata';
import type { ScatterCall } from '../scatter-call';
import type { SortValue } from './sort-kind';
import type { SortPlan, SortTerm } from './sort-plan';

/** A row as far as its order is concerned. */
export interface SortedRow {
  /** The values of the plan's terms. */
  readonly values: readonly SortValue[];
}

interface RankRow {
  readonly i: string | number;
  readonly r: string | number;
  /** Bytes of the sort key; only on MySQL and MariaDB. */
  readonly w?: string | number | null;
}

/**
 * Compares rows as the shards' databases order them. Where only a database knows the order of texts, one shard ranks those that have
 * to be told apart, in one statement.
 */
export class RowOrder {
  readonly #ranks: (Map<string, number> | undefined)[];
  /** Places of terms whose texts were met without a rank. */
  readonly #wanted = new Set<number>();

  constructor(
    readonly call: ScatterCall,
    readonly plan: SortPlan,
  ) {
    this.#ranks = plan.terms.map(({ kind }) => (kind.rank === undefined ? undefined : new Map()));
  }

  /**
   * Takes note of rows that a shard gave.
   *
   * @throws {MergeOrderError} for values longer than what the database compares, since rows that it left out might belong before those
   *   that it gave, and for values that it orders otherwise than it compares them.
   */
  admit(rows: readonly SortedRow[]): void {
    for (const [place, term] of this.plan.terms.entries()) {
      const { sortBytes, maxSortBytes = Number.POSITIVE_INFINITY, isUnplaced } = term.kind;
      if (!sortBytes && !isUnplaced) continue;
      for (const { values } of rows) {
        const value = values[place];
        if (value === null || value === undefined) continue;
        if (sortBytes && sortBytes(value) > maxSortBytes) throw tooLong(term);
        if (isUnplaced?.(value)) throw unplaced(term);
      }
    }
  }

  /**
   * Merges rows by a comparison that has what it needs: texts that decide between rows are ranked, and the merge is made again.
   *
   * @param lists - all rows that take part.
   * @param merge - merges by the comparison given; it is called until nothing was compared without its rank.
   */
  async settle<T>(lists: readonly (readonly SortedRow[])[], merge: (compare: (a: SortedRow, b: SortedRow) => number) => T): Promise<T> {
    // Nearly all rows are told apart by the first term, so its texts are ranked at once.
    if (this.#ranks[0]) await this.#rank(0, lists);
    for (;;) {
      this.#wanted.clear();
      const merged = merge(this.compare);
      if (this.#wanted.size === 0) return merged;
      for (const place of this.#wanted) await this.#rank(place, lists);
    }
  }

  /** Compares two rows; notes a text without a rank, and then says nothing about it. */
  readonly compare = (a: SortedRow, b: SortedRow): number => {
    const { terms } = this.plan;
    for (let place = 0; place < terms.length; place += 1) {
      const [valueA, valueB] = [a.values[place] as SortValue, b.values[place] as SortValue];
      if (valueA === valueB) continue;
      const order = this.#compareValues(place, valueA, valueB);
      if (order !== 0) return order;
    }
    return 0;
  };

  #compareValues(place: number, a: SortValue, b: SortValue): number {
    const { kind, descending, nullsFirst } = this.plan.terms[place] as SortTerm;
    if (a === null || b === null) return (a === null) === nullsFirst ? -1 : 1;
    const ranks = this.#ranks[place];
    const order = ranks ? this.#compareRanks(ranks, place, String(a), String(b)) : kind.compare(a, b);
    return descending ? -order : order;
  }

  #compareRanks(ranks: Map<string, number>, place: number, a: string, b: string): number {
    const [rankA, rankB] = [ranks.get(a), ranks.get(b)];
    if (rankA !== undefined && rankB !== undefined) return rankA - rankB;
    this.#wanted.add(place);
    return 0;
  }

  async #rank(place: number, lists: readonly (readonly SortedRow[])[]): Promise<void> {
    const texts = [...new Set(lists.flatMap((rows) => rows.map(({ values }) => values[place])))].filter(
      (value) => value !== null,
    ) as string[];
    const known = this.#ranks[place];
    if (texts.every((text) => known?.has(text))) return;
    const [shard] = this.call.shards;
    if (!shard) return;
    const term = this.plan.terms[place] as SortTerm;
    const ranked = await this.call.access.run(shard, (manager) => rankTexts(manager, term, texts));
    const long = ranked.find(({ w }) => Number(w ?? 0) > (term.kind.maxSortBytes ?? Number.POSITIVE_INFINITY));
    if (long) throw tooLong(term);
    this.#ranks[place] = new Map(ranked.map(({ i, r }) => [texts[Number(i) - 1] as string, Number(r)]));
  }
}

/** Characters that fit into a row as VARCHAR of four bytes each. */
const MAX_VARCHAR = 16_000;

/** Asks a shard for the ranks of texts: the same for texts that its database takes for equal. */
function rankTexts(manager: EntityManager, { kind }: SortTerm, texts: readonly string[]): Promise<readonly RankRow[]> {
  const rank = `DENSE_RANK() OVER (ORDER BY ${kind.rank})`;
  if (!isMysql(manager.dataSource)) {
    return manager.query(`SELECT i, ${rank} AS r FROM unnest($1::text[]) WITH ORDINALITY AS v(s, i)`, [texts]);
  }
  const bytes = kind.maxSortBytes === undefined ? '0' : `OCTET_LENGTH(WEIGHT_STRING(${kind.rank}))`;
  const longest = texts.reduce((most, text) => Math.max(most, text.length), 1);
  // Sorting a LONGTEXT wants as much memory for each row as max_sort_length allows.
  const type = longest > MAX_VARCHAR ? 'LONGTEXT' : `VARCHAR(${longest})`;
  const table = `JSON_TABLE(?, '$[*]' COLUMNS (i FOR ORDINALITY, s ${type} CHARACTER SET utf8mb4 PATH '$'))`;
  return manager.query(`SELECT i, ${rank} AS r, ${bytes} AS w FROM ${table} AS v`, [JSON.stringify(texts)]);
}

function tooLong({ metadata, name, kind }: SortTerm): MergeOrderError {
  const reason = `some values have sort keys longer than the ${kind.maxSortBytes} bytes that the database compares`;
  return new MergeOrderError(metadata.name, name, reason, 'Raise max_sort_length, for example by initCommand, or order by another column.');
}

function unplaced({ metadata, name }: SortTerm): MergeOrderError {
  const reason = 'some values end with U+0000, which the database sorts as if it were not there but compares as different';
  return new MergeOrderError(metadata.name, name, reason, 'Remove it from the values, or order by another column.');
}
