import { LRUCache } from 'lru-cache';

/** A piece of parsed SQL, as far as it is read here. Its other members depend on the type and on the dialect. */
export interface SqlNode {
  readonly type?: string;
  readonly operator?: string;
  readonly left?: SqlNode;
  readonly right?: SqlNode;
  readonly parentheses?: boolean;
  readonly value?: unknown;
  readonly [member: string]: unknown;
}

/** The dialects of the databases, by TypeORM's names. */
export type SqlDialect = 'mysql' | 'mariadb' | 'postgres' | 'sqlite';

interface Parser {
  astify(sql: string): unknown;
}

/** One select, parsed. */
export interface SelectNode {
  readonly columns: readonly { readonly expr: SqlNode }[] | '*';
  readonly where: SqlNode | null;
}

const BUILDS: Readonly<Record<SqlDialect, string>> = {
  mysql: 'node-sql-parser/build/mysql.js',
  mariadb: 'node-sql-parser/build/mariadb.js',
  postgres: 'node-sql-parser/build/postgresql.js',
  sqlite: 'node-sql-parser/build/sqlite.js',
};

/** Beyond this a text takes longer to parse than the statements it could spare. */
const LONGEST_TEXT = 20_000;

const parsers = new Map<SqlDialect, Parser>();
const trees = new LRUCache<string, { readonly tree: SelectNode | undefined }>({ max: 1_000, maxSize: 2_000_000 });

/**
 * Parses a select statement; trees are remembered by their text, so nothing may write into them.
 *
 * @returns undefined for what cannot be read, which proves nothing.
 */
export function parseSelect(sql: string, dialect: SqlDialect): SelectNode | undefined {
  if (sql.length > LONGEST_TEXT) return undefined;
  const key = `${dialect} ${sql}`;
  const known = trees.get(key);
  if (known) return known.tree;
  const tree = parse(sql, dialect);
  trees.set(key, { tree }, { size: key.length });
  return tree;
}

function parse(sql: string, dialect: SqlDialect): SelectNode | undefined {
  try {
    const [tree, ...others] = [parserOf(dialect).astify(sql)].flat() as SelectNode[];
    return others.length === 0 ? tree : undefined;
  } catch (error) {
    // The parser does not know all of a dialect; what it refuses is no fault, since the database will read it.
    if ((error as Error).name === 'SyntaxError' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Each dialect is a file of its own and large, so it is loaded when it is first needed. */
function parserOf(dialect: SqlDialect): Parser {
  const known = parsers.get(dialect);
  if (known) return known;
  const { Parser } = require(BUILDS[dialect]) as { readonly Parser: new () => Parser };
  const parser = new Parser();
  parsers.set(dialect, parser);
  return parser;
}
