/** What a selected expression needs of the rows: each alone, or all of them together. */
export interface SelectionKind {
  readonly isAggregate: boolean;
  /** Whether it begins with the word DISTINCT, which is of the whole row; undefined when not. */
  readonly isDistinct?: boolean;
  /** What of it no merge of several databases can answer; undefined when nothing. */
  readonly unsupported?: string;
}

/** Aggregates that can be put together from the shards' own. */
const AGGREGATES: ReadonlySet<string> = new Set(['count', 'sum', 'min', 'max', 'avg']);

/** Functions that look at one row, and words that may stand before a parenthesis. */
const ROW_WISE: ReadonlySet<string> = new Set(
  (
    'abs acos and as ascii asin atan between bin bit_length cast case ceil ceiling char char_length character_length coalesce concat ' +
    'concat_ws convert cos crc32 curdate current_date current_time current_timestamp curtime date date_add date_format date_part ' +
    'date_sub date_trunc datediff datetime day dayname dayofmonth dayofweek dayofyear decimal degrees distinct else elt encode exp ' +
    'extract field floor format from_unixtime glob greatest hex hour if ifnull iif in initcap instr interval is isnull json_array ' +
    'json_extract json_length json_object json_type json_unquote json_valid json_value jsonb_array_length jsonb_build_object ' +
    'jsonb_extract_path jsonb_extract_path_text julianday last_day lcase least left length like ln locate log log10 log2 lower lpad ' +
    'ltrim make_date md5 microsecond minute mod month monthname not now nullif numeric nvl octet_length on or overlay pi position pow ' +
    'power printf quarter quote radians regexp_replace repeat replace reverse right round rpad rtrim second sha1 sha2 sign sin space ' +
    'split_part sqrt strcmp strftime strpos substr substring substring_index tan then time timediff timestamp timestampdiff to_char ' +
    'to_date to_json to_jsonb to_number to_timestamp translate trim trunc truncate typeof ucase unhex unicode unix_timestamp upper ' +
    'varchar week weekday when year'
  ).split(' '),
);

/** Finds what a selected expression needs. What it does not know it takes for what cannot be merged. */
export function selectionKind(expression: string): SelectionKind {
  const text = expression.replaceAll(/'[^']*'/g, "''");
  if (/\bover\b/i.test(text)) return { isAggregate: false, unsupported: 'a window function' };
  if (/^\s*distinct\s+on\b/i.test(text)) return { isAggregate: false, unsupported: 'DISTINCT ON' };
  if (/\b(select|with)\b/i.test(text)) return { isAggregate: false, unsupported: 'a sub-query' };
  const names = [...text.matchAll(/([\w"`\]]+)\s*\(/g)].map(([, name]) => String(name).toLowerCase());
  const isAggregate = names.some((name) => AGGREGATES.has(name));
  const unknown = names.find((name) => !AGGREGATES.has(name) && !ROW_WISE.has(name));
  const isDistinct = /^\s*distinct\b/i.test(text);
  return { isAggregate, ...(isDistinct && { isDistinct }), ...(unknown !== undefined && { unsupported: `${unknown.toUpperCase()}()` }) };
}
