import { parseSelect, type SqlDialect, type SqlNode } from './sql-tree';

/** The text of a WHERE with named parameters, and what they stand for. */
export interface SqlCondition {
  /** Without the word WHERE; empty for no condition. */
  readonly text: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly dialect: SqlDialect;
  /** Name of the alias whose columns are meant. */
  readonly alias: string;
  /** Whether that alias is the only one, so that a bare column is its column. */
  readonly isAlone: boolean;
}

/** A condition that is parsed, and the value of each parameter of the tree by its name there. */
export interface ParsedCondition {
  readonly tree: SqlNode;
  readonly values: ReadonlyMap<string, Binding>;
}

/** What a parameter stands for: one value, or the members of a list. */
export type Binding = { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'list'; readonly values: readonly unknown[] };

/** TypeORM's own notion of a parameter. */
const PARAMETER = ':(?:\\.\\.\\.)?[A-Za-z0-9_.]+';
const PARAMETERS = new RegExp(`\\bIN \\((${PARAMETER}(?:, ?${PARAMETER})*)\\)|${PARAMETER}`, 'g');

/** What some database reads in another way than the parser: comments, backslashes, quotation by `$`, operators of another rank. */
const DOUBTFUL = /--|\/\*|#|\\|;|\$|\bxor\b/i;
const DOUBTFUL_ON_MYSQL = /\|\||&&|@|"/;

/** Parses a condition. @returns undefined for what cannot be read beyond doubt. */
export function parseCondition({ text, parameters, dialect }: SqlCondition): ParsedCondition | undefined {
  if (DOUBTFUL.test(text) || (isMysql(dialect) && DOUBTFUL_ON_MYSQL.test(text)) || hasOddLiteral(text)) return undefined;
  const values = new Map<string, Binding>();
  const name = (binding: Binding) => {
    const given = `${binding.kind === 'list' ? 's' : 'p'}${values.size}`;
    values.set(given, binding);
    return `:${given}`;
  };
  const bound = text.replaceAll(PARAMETERS, (found: string, list?: string) => {
    const bindings = (list ?? found).split(/, ?/).map((each) => bindingOf(each, parameters));
    if (bindings.some((binding) => !binding)) return found;
    if (list === undefined) return name(bindings[0] as Binding);
    // Long lists become one parameter, so that a list of any length has one text to parse.
    return `IN (${name({ kind: 'list', values: bindings.flatMap((binding) => membersOf(binding as Binding)) })})`;
  });
  const where = parseSelect(`SELECT 1 FROM t WHERE ${bound}`, dialect)?.where;
  return where ? { tree: where, values } : undefined;
}

/** Whether a literal has a prefix that gives it another meaning (`E'…'`, `X'…'`), or a quote within. */
function hasOddLiteral(text: string): boolean {
  return [...text.matchAll(/'[^']*'/g)].some(({ index }) => /[\w&']/.test(text[index - 1] ?? ' '));
}

function bindingOf(parameter: string, parameters: Readonly<Record<string, unknown>>): Binding | undefined {
  const isSpread = parameter.startsWith(':...');
  const name = parameter.slice(isSpread ? 4 : 1);
  if (!Object.hasOwn(parameters, name)) return undefined;
  const value = parameters[name];
  if (!isSpread) return { kind: 'value', value };
  return Array.isArray(value) ? { kind: 'list', values: value } : undefined;
}

function membersOf(binding: Binding): readonly unknown[] {
  return binding.kind === 'list' ? binding.values : [binding.value];
}

function isMysql(dialect: SqlDialect): boolean {
  return dialect === 'mysql' || dialect === 'mariadb';
}
