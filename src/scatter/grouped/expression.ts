import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { ScatterUnsupportedError } from '../../errors';
import { type SqlFamily, type Token, tokensOf } from './sql-tokens';
import { type AggregateName, isKeyword, isMergedAggregate, isRowWise, refusalOf } from './vocabulary';

/** A word of an expression that stays as it is. */
interface TextPart {
  readonly kind: 'text' | 'alias';
  readonly space: string;
  readonly text: string;
  /** Equal for words that mean the same. */
  readonly canonical: string;
}

/** A reference to a column of the entity or of a joined one. */
export interface ColumnPart {
  readonly kind: 'column';
  readonly space: string;
  readonly text: string;
  readonly canonical: string;
  readonly table: string;
  readonly column: ColumnMetadata;
}

/** A call of an aggregate that is merged. */
export interface AggregatePart {
  readonly kind: 'aggregate';
  readonly space: string;
  readonly text: string;
  readonly canonical: string;
  readonly name: AggregateName;
  readonly isDistinct: boolean;
  readonly arguments: readonly Expression[];
}

/** A piece of an expression. */
export type Part = TextPart | ColumnPart | AggregatePart;

/** An expression as it is written, cut where columns and aggregates stand. */
export type Expression = readonly Part[];

/** What names mean where an expression stands. */
export interface Scope {
  readonly family: SqlFamily;
  /** The columns of a name; of all tables when none is given. */
  columns(name: string, table?: string): readonly Omit<ColumnPart, 'space' | 'text'>[];
  /** The select that has the name as its alias. */
  aliased(name: string): string | undefined;
  refuse(feature: string): ScatterUnsupportedError;
}

/** The text of an expression as it was written. */
export function textOf(expression: Expression): string {
  return expression
    .map(({ space, text }) => space + text)
    .join('')
    .trim();
}

/** Equal for expressions that are written alike, whatever their quotes, blanks and case. */
export function canonicalOf(expression: Expression): string {
  return expression.map(({ canonical }) => canonical).join(' ');
}

/** Reads an expression. @throws {ScatterUnsupportedError} for what cannot be merged, by name. */
export function readExpression(sql: string, scope: Scope): Expression {
  const tokens = tokensOf(sql, scope.family);
  if (!tokens || tokens.length === 0) throw scope.refuse('an expression that cannot be read');
  return new ExpressionReader(tokens, scope).read();
}

class ExpressionReader {
  #position = 0;

  constructor(
    readonly tokens: readonly Token[],
    readonly scope: Scope,
    readonly isInAggregate = false,
  ) {}

  read(): Expression {
    const parts: Part[] = [];
    while (this.#position < this.tokens.length) parts.push(this.#next());
    return parts;
  }

  #at(distance: number): Token | undefined {
    return this.tokens[this.#position + distance];
  }

  #next(): Part {
    const token = this.#at(0) as Token;
    if (token.kind !== 'name') return this.#text(token);
    if (this.#at(1)?.text === '.') return this.#qualified(token);
    if (this.#at(1)?.text === '(' && !token.isQuoted) return this.#call(token);
    return this.#word(token);
  }

  #text({ space, text }: Token): Part {
    this.#position += 1;
    return { kind: 'text', space, text, canonical: text };
  }

  #qualified(token: Token): Part {
    const column = this.#at(2);
    const [found] = column?.kind === 'name' && this.#at(3)?.text !== '.' ? this.scope.columns(column.name, token.name) : [];
    if (!column || !found) throw this.scope.refuse(`the name ${token.name}.${column?.name ?? ''}`);
    this.#position += 3;
    return { ...found, space: token.space, text: `${token.text}.${column.text}` };
  }

  #call(token: Token): Part {
    const name = token.name.toUpperCase();
    const end = this.#closing(this.#position + 1);
    if (isMergedAggregate(name)) return this.#aggregate(name, token, end) ?? this.#upperText(token);
    if (isRowWise(name) || (isKeyword(name) && !refusesCall(name))) return this.#upperText(token);
    throw this.scope.refuse(refusalOf(name, true));
  }

  #upperText({ space, text }: Token): Part {
    this.#position += 1;
    return { kind: 'text', space, text, canonical: text.toUpperCase() };
  }

  /** SQLite's `MIN(a, b)` is a function of one row, and no aggregate. */
  #aggregate(name: AggregateName, token: Token, end: number): Part | undefined {
    const inner = this.tokens.slice(this.#position + 2, end);
    const isDistinct = inner[0]?.kind === 'name' && /^distinct$/i.test(inner[0].text);
    const lists = splitAtCommas(isDistinct ? inner.slice(1) : inner);
    if (lists.length > 1 && (name === 'MIN' || name === 'MAX') && this.scope.family === 'sqlite') return undefined;
    if (this.isInAggregate) throw this.scope.refuse('an aggregate of an aggregate');
    if (lists.length !== 1 && !(name === 'COUNT' && isDistinct)) throw this.scope.refuse(`${name} of several expressions`);
    const parts = lists.map((list) => new ExpressionReader(list, this.scope, true).read());
    if (parts.some((part) => part.length === 0)) throw this.scope.refuse(`${name} of nothing`);
    const text = this.tokens
      .slice(this.#position, end + 1)
      .map((each, index) => (index === 0 ? '' : each.space) + each.text)
      .join('');
    this.#position = end + 1;
    const canonical = `${name}(${isDistinct ? 'DISTINCT ' : ''}${parts.map(canonicalOf).join(', ')})`;
    return { kind: 'aggregate', space: token.space, text, canonical, name, isDistinct, arguments: parts };
  }

  #closing(open: number): number {
    let depth = 0;
    for (let index = open; index < this.tokens.length; index += 1) {
      const { text, kind } = this.tokens[index] as Token;
      if (kind === 'symbol' && text === '(') depth += 1;
      if (kind === 'symbol' && text === ')') depth -= 1;
      if (depth === 0) return index;
    }
    throw this.scope.refuse('an expression that cannot be read');
  }

  #word(token: Token): Part {
    const name = token.name.toUpperCase();
    const isType = this.#position > 0 && /^(::|AS|COLLATE|USING)$/i.test((this.tokens[this.#position - 1] as Token).text);
    if (isType) return this.#upperText(token);
    const columns = this.scope.columns(token.name);
    const alias = this.scope.aliased(token.name);
    if (columns.length > 1) throw this.scope.refuse(`the ambiguous name ${token.name}`);
    const [column] = columns;
    if (column && (alias === undefined || alias === column.canonical)) {
      this.#position += 1;
      return { ...column, space: token.space, text: token.text };
    }
    if (column) throw this.scope.refuse(`the ambiguous name ${token.name}`);
    if (alias !== undefined) {
      this.#position += 1;
      return { kind: 'alias', space: token.space, text: token.text, canonical: `alias ${token.name}` };
    }
    if (!token.isQuoted && isKeyword(name)) return this.#upperText(token);
    throw this.scope.refuse(refusalOf(name, false));
  }
}

/** Types and keywords may stand before a bracket, these only as functions that are refused elsewhere. */
function refusesCall(name: string): boolean {
  return name === 'DISTINCT';
}

function splitAtCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const lists: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth === 0 && token.text === ',') lists.push([]);
    else lists.at(-1)?.push(token);
  }
  return lists;
}
