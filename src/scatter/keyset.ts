import type { ObjectLiteral } from 'typeorm';
import type { SortTerm, SortValue } from './order';

/** A condition in SQL with its named parameters. */
export interface Condition {
  readonly sql: string;
  readonly parameters: ObjectLiteral;
}

/** Where in the order of the terms a stretch of rows begins. */
export interface Beginning {
  /** Sort values that come before the stretch. */
  readonly values: readonly SortValue[];
  /** Whether rows that have these very values belong to the stretch. @defaultValue false */
  readonly isIncluded?: boolean;
}

/**
 * The condition for rows that come after given sort values in the order of the terms: by the first term, or equal in the first and
 * after by the second, and so on. NULLs stand where the database puts them.
 */
export function afterCondition(terms: readonly SortTerm[], { values, isIncluded = false }: Beginning): Condition {
  const parameters: ObjectLiteral = {};
  const operands = terms.map((term, place) => operandsOf(term, values[place] ?? null, { name: `after_${place}`, parameters }));
  const branches = operands.flatMap(({ beyond }, place) => {
    if (beyond === undefined) return [];
    return [`(${[...operands.slice(0, place).map(({ equal }) => equal), beyond].join(' AND ')})`];
  });
  if (isIncluded) branches.push(`(${operands.map(({ equal }) => equal).join(' AND ')})`);
  const any = branches.length === 0 ? '1 = 0' : `(${branches.join(' OR ')})`;
  // The first term alone bounds an index range, which databases do not see in a chain of ORs.
  const bound = operands[0]?.bound;
  return { sql: bound === undefined ? any : `${bound} AND ${any}`, parameters };
}

/** The condition for rows whose terms at some places have one of several lists of values. */
export function amongCondition(terms: readonly SortTerm[], rows: readonly (readonly SortValue[])[]): Condition {
  const parameters: ObjectLiteral = {};
  const [only] = terms;
  if (only && terms.length === 1) {
    const values = rows.map((row, index) => bindValue(only, row[0] ?? null, { name: `key_${index}`, parameters }));
    return { sql: `${only.kind.operand(only.expression)} IN (${values.join(', ')})`, parameters };
  }
  const branches = rows.map((row, index) => {
    const equal = terms.map((term, place) => operandsOf(term, row[place] ?? null, { name: `key_${index}_${place}`, parameters }).equal);
    return `(${equal.join(' AND ')})`;
  });
  return { sql: `(${branches.join(' OR ')})`, parameters };
}

interface Naming {
  readonly name: string;
  readonly parameters: ObjectLiteral;
}

interface Operands {
  readonly equal: string;
  /** Undefined when nothing comes after the value. */
  readonly beyond: string | undefined;
  /** What holds for the value and all that comes after it; undefined when that is not one range. */
  readonly bound: string | undefined;
}

function operandsOf(term: SortTerm, value: SortValue, naming: Naming): Operands {
  const operand = term.kind.operand(term.expression);
  if (value === null) {
    const beyond = term.nullsFirst ? `${operand} IS NOT NULL` : undefined;
    return { equal: `${operand} IS NULL`, beyond, bound: undefined };
  }
  const bound = bindValue(term, value, naming);
  const sign = term.descending ? '<' : '>';
  // A column of an outer join can be NULL whatever it declares.
  const nullsFollow = !term.nullsFirst && (term.column.isNullable || term.isJoined);
  const beyond = `${operand} ${sign} ${bound}`;
  return {
    equal: `${operand} = ${bound}`,
    beyond: nullsFollow ? `(${beyond} OR ${operand} IS NULL)` : beyond,
    bound: nullsFollow ? undefined : `${operand} ${sign}= ${bound}`,
  };
}

function bindValue({ kind }: SortTerm, value: SortValue, { name, parameters }: Naming): string {
  if (value === null) return 'NULL';
  parameters[name] = kind.parameter(value);
  return kind.bind(`:${name}`, value);
}
