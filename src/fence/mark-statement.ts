import type { DataSource } from 'typeorm';
import { fenceDialect } from './fence-dialect';
import type { Mark, MarkTerm } from './mark';
import { type OwnershipKey, positionText } from './ownership-row';
import { keysCondition, keysParameters, parameter, positionParameter, rowsByKey } from './ownership-sql';

/** A statement and its parameters, in the order in which they stand in it. */
export interface MarkStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A text that is the same for marks that one statement can make: of one shard and group, which set and ask the same. */
export function markShape({ key, set, where }: Mark): string {
  const terms = [...set, ...where].map(([what, to]) => [what, typeof to === 'object' ? Object.keys(to) : typeof to === 'string' ? to : '']);
  return JSON.stringify([key.shard, key.group, set.length, terms]);
}

/** The update that makes marks of one {@link markShape}, each on the row of its own whole primary key. */
export function updateOf(source: DataSource, marks: readonly Mark[]): MarkStatement {
  const [first] = marks as readonly [Mark, ...Mark[]];
  const keys = marks.map(({ key }) => key);
  const values = new Values(source, keys);
  const sets = first.set.map(([column, to], index) => {
    const value = values.of(marks.map(({ set }) => set[index]![1]));
    return `${column} = ${typeof to === 'object' && 'atMost' in to ? `${leastOf(source)}(${column}, ${value})` : value}`;
  });
  const condition = keysCondition(source, keys, values.parameters.length);
  values.parameters.push(...keysParameters(keys));
  const wheres = first.where.map(([what], index) => `${what} ${values.of(marks.map(({ where }) => where[index]![1]))}`);
  const sql = `UPDATE ${rowsByKey(source)} SET ${sets.join(', ')} WHERE ${[condition, ...wheres].join(' AND ')}`;
  return { sql, parameters: values.parameters };
}

/** Writes values of rows into a statement. */
class Values {
  readonly parameters: unknown[] = [];

  constructor(
    readonly source: DataSource,
    readonly keys: readonly OwnershipKey[],
  ) {}

  /** One value, or where rows have different ones a choice by where they begin. */
  of(terms: readonly MarkTerm[]): string {
    const [some] = terms as readonly [MarkTerm, ...MarkTerm[]];
    if (typeof some === 'string') return some;
    const texts = terms.map(textOf);
    if (texts.every((text) => text === texts[0])) return this.#place(texts[0], typeof some === 'number');
    // PostgreSQL would take bare parameters for texts here.
    const cases = texts.map((text, index) => `WHEN ${this.#place(positionText(this.keys[index]!.since))} THEN ${this.#place(text)}`);
    return `CASE since ${cases.join(' ')} END`;
  }

  #place(value: unknown, isBare = false): string {
    this.parameters.push(value);
    return (isBare ? parameter : positionParameter)(this.source, this.parameters.length - 1);
  }
}

function textOf(term: MarkTerm): string | number {
  if (typeof term !== 'object') return term;
  return positionText('position' in term ? term.position : term.atMost);
}

function leastOf(source: DataSource): string {
  return fenceDialect(source) === 'sqlite' ? 'MIN' : 'LEAST';
}
