/** Aggregates that are merged over shards. */
export type AggregateName = 'COUNT' | 'SUM' | 'MIN' | 'MAX' | 'AVG';

/** Whether a function is one of the aggregates that are merged. */
export function isMergedAggregate(name: string): name is AggregateName {
  return /^(COUNT|SUM|MIN|MAX|AVG)$/.test(name);
}

/** Functions of the values of one row alone, and types that are written like functions. Whatever is not named here is refused. */
const rowWise = wordsOf(`
  ABS CEIL CEILING FLOOR ROUND TRUNC TRUNCATE SIGN MOD POWER POW SQRT EXP LN LOG GREATEST LEAST
  COALESCE NULLIF IFNULL IF IIF ISNULL
  LOWER UPPER TRIM LTRIM RTRIM LENGTH CHAR_LENGTH CHARACTER_LENGTH OCTET_LENGTH CONCAT CONCAT_WS SUBSTR SUBSTRING LEFT RIGHT
  REPLACE REVERSE INSTR STRPOS LPAD RPAD HEX MD5
  DATE YEAR MONTH DAY HOUR MINUTE SECOND QUARTER WEEK DAYOFWEEK DAYOFYEAR DAYOFMONTH DATE_FORMAT DATE_TRUNC DATE_PART EXTRACT STRFTIME
  CAST CONVERT TYPEOF
  DECIMAL NUMERIC CHAR VARCHAR BINARY VARBINARY TIMESTAMP TIME DATETIME FLOAT DOUBLE
`);

/** Words of expressions that stand for neither a column nor a function. */
const keywords = wordsOf(`
  AND OR NOT XOR IS NULL TRUE FALSE UNKNOWN IN BETWEEN LIKE ILIKE ESCAPE CASE WHEN THEN ELSE END AS DIV MOD FROM FOR USING
  COLLATE BINARY DISTINCT GLOB REGEXP SIMILAR TO INTERVAL AT ZONE WITH WITHOUT
  YEAR MONTH DAY HOUR MINUTE SECOND QUARTER WEEK EPOCH DOW DOY
  SIGNED UNSIGNED INTEGER INT BIGINT SMALLINT DECIMAL NUMERIC REAL DOUBLE PRECISION FLOAT CHAR CHARACTER VARYING VARCHAR TEXT DATE
  TIME DATETIME TIMESTAMP BOOLEAN
`);

/** What is known to need more than one row, or another statement, with the words for the refusal. */
const refusals: Readonly<Record<string, string>> = {
  SELECT: 'a sub-query',
  EXISTS: 'a sub-query',
  OVER: 'a window function',
  WINDOW: 'a window function',
  FILTER: 'FILTER',
  WITHIN: 'WITHIN GROUP',
  ROLLUP: 'ROLLUP',
  CUBE: 'CUBE',
  GROUPING: 'GROUPING SETS',
};

const otherAggregates =
  /^(GROUP_CONCAT|TOTAL|STRING_AGG|ARRAY_AGG|ANY_VALUE|EVERY|MODE|VARIANCE|VAR_.*|STD|STDDEV.*|BIT_(AND|OR|XOR)|BOOL_(AND|OR)|JSONB?_(GROUP|ARRAYAGG|OBJECTAGG|AGG|OBJECT_AGG).*|REGR_.*|CORR|COVAR_.*|PERCENTILE_.*|XMLAGG)$/;
const windows = /^(ROW_NUMBER|RANK|DENSE_RANK|PERCENT_RANK|CUME_DIST|NTILE|LAG|LEAD|FIRST_VALUE|LAST_VALUE|NTH_VALUE)$/;

/** Whether a function depends on the values of one row alone. */
export function isRowWise(name: string): boolean {
  return rowWise.has(name);
}

/** Whether a word is part of the language of expressions. */
export function isKeyword(name: string): boolean {
  return keywords.has(name);
}

/** How a refused word or function is called in the error. */
export function refusalOf(name: string, isFunction: boolean): string {
  if (refusals[name]) return refusals[name];
  if (!isFunction) return `the name ${name}`;
  if (windows.test(name)) return 'a window function';
  return otherAggregates.test(name) ? `the aggregate ${name}` : `the function ${name}`;
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
