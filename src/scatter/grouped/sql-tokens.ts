/** How a database writes expressions. */
export type SqlFamily = 'mysql' | 'postgres' | 'sqlite';

/** A word of an expression, with the blanks before it, so that joined tokens give the text back. */
export interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'parameter' | 'symbol';
  readonly space: string;
  readonly text: string;
  /** A name without its quotes. */
  readonly name: string;
  readonly isQuoted: boolean;
}

type Pattern = readonly [kind: Token['kind'], pattern: RegExp];

const bareName: Pattern = ['name', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y];
const rest: readonly Pattern[] = [
  ['symbol', /::/y],
  ['parameter', /:(?:\.\.\.)?[A-Za-z0-9_.]+/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['symbol', /\|\||<=>|<=|>=|<>|!=|[-+*/%<>=!|&^~(),.[\]]/y],
];
const doubleQuoted: Pattern = ['name', /"(?:[^"]|"")*"/y];
const backticked: Pattern = ['name', /`(?:[^`]|``)*`/y];
const standardString: Pattern = ['string', /'(?:[^']|'')*'/y];

const patterns: Readonly<Record<SqlFamily, readonly Pattern[]>> = {
  mysql: [['string', /'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"/sy], backticked, bareName, ...rest],
  postgres: [standardString, doubleQuoted, bareName, ...rest],
  sqlite: [standardString, doubleQuoted, backticked, bareName, ...rest],
};

/** A comment, which may hide the end of an expression, or a literal with a prefix, whose rules of escape are its own. */
const notRead = /--|\/\*|[A-Za-z&]['"]/y;

/**
 * Cuts an expression into words.
 *
 * A lexer and not a parser: `node-sql-parser` gives no offsets for SQLite's columns or PostgreSQL's `COUNT(*)` and reads neither
 * `SUM(DISTINCT a)` nor `FILTER`, while replacing aggregates needs no more than names, literals and brackets.
 *
 * @returns undefined for what is not read with certainty.
 */
export function tokensOf(sql: string, family: SqlFamily): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let position = 0;
  while (true) {
    const space = matchAt(/\s*/y, sql, position) ?? '';
    position += space.length;
    if (position >= sql.length) return tokens;
    const token = matchAt(notRead, sql, position) === undefined ? tokenAt(sql, position, patterns[family]) : undefined;
    if (!token) return undefined;
    tokens.push({ ...token, space });
    position += token.text.length;
  }
}

function tokenAt(sql: string, position: number, among: readonly Pattern[]): Omit<Token, 'space'> | undefined {
  for (const [kind, pattern] of among) {
    const text = matchAt(pattern, sql, position);
    if (text === undefined) continue;
    const isQuoted = kind === 'name' && /^["`]/.test(text);
    return { kind, text, isQuoted, name: isQuoted ? unquoted(text) : text };
  }
  return undefined;
}

function unquoted(text: string): string {
  const [quote = ''] = text;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

function matchAt(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}
