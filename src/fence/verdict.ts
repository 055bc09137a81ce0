/** What the guard finds out about one write. No row for the position gives none of these, and counts as `elsewhere`. */
export const VERDICTS = { write: 0, writeAndLog: 1, elsewhere: 2, frozen: 3, notForMover: 4 } as const;

/** What the verdict is computed from, as SQL. Ownership's columns are named as they are. */
export interface VerdictTerms {
  readonly position: string;
  /** The token of the session; NULL for ordinary ones. */
  readonly mover: string;
  /** Whether the row is being deleted. */
  readonly isDelete: string;
}

/**
 * The usual case of {@link verdictExpression} in few terms, for ordinary sessions: that the write passes without being logged, since the row
 * is at rest or the position below its marks; else NULL, and then the whole verdict says what to do. MariaDB resolves every term of an
 * expression for each row written, which cost more than the look-up.
 */
export function usualExpression(position: string): string {
  return [
    `CASE WHEN since > ${position} OR upto <= ${position} THEN NULL`,
    `WHEN ${position} >= watermark THEN CASE WHEN new_modulus = 1 THEN ${VERDICTS.write} END`,
    `WHEN old_modulus = 1 AND ${position} < frontier AND ${position} < capture THEN ${VERDICTS.write} END`,
  ].join(' ');
}

/**
 * The positions around the one given, as their ends, for which {@link verdictExpression} lets the row's mover do the same: of rows that
 * arrive or depart whole. NULL where each position must be looked up.
 */
export function passExpressions({ position, mover, isDelete }: VerdictTerms): { readonly since: string; readonly upto: string } {
  const departures = `token = ${mover} AND ${isDelete} AND ${position} >= watermark AND old_modulus = 1 AND new_modulus = 0`;
  const arrivals = `token = ${mover} AND ${position} >= frontier AND ${position} < watermark AND old_modulus = 0 AND new_modulus = 1`;
  const either = (ofDepartures: string, ofArrivals: string) =>
    `CASE WHEN ${departures} THEN ${ofDepartures} WHEN ${arrivals} THEN ${ofArrivals} END`;
  return { since: either('GREATEST(since, watermark)', 'GREATEST(since, frontier)'), upto: either('upto', 'LEAST(upto, watermark)') };
}

/**
 * The rules of the fence as one SQL expression over a row of `_shard_ownership`, the same in every dialect; NULL when the row does not
 * cover the position.
 *
 *   ordinary   ≥ watermark: where the new rule owns; ≥ frontier: nowhere; below: where the old rule owns, logged from `capture` on
 *   mover      with the row's token only. ≥ watermark: deletes departures; ≥ frontier: writes arrivals; below: nothing
 */
export function verdictExpression({ position, mover, isDelete }: VerdictTerms): string {
  const old = owns(position, 'old');
  const next = owns(position, 'new');
  const { write, writeAndLog, elsewhere, frozen, notForMover } = VERDICTS;
  return [
    'CASE',
    `WHEN since > ${position} OR upto <= ${position} THEN NULL`,
    `WHEN ${mover} IS NOT NULL THEN CASE`,
    `WHEN ${mover} <> token THEN ${notForMover}`,
    `WHEN ${position} >= watermark AND ${isDelete} AND ${old} AND NOT ${next} THEN ${write}`,
    `WHEN ${position} < watermark AND ${position} >= frontier AND ${next} AND NOT ${old} THEN ${write}`,
    `ELSE ${notForMover} END`,
    `WHEN ${position} >= watermark THEN CASE WHEN ${next} THEN ${write} ELSE ${elsewhere} END`,
    `WHEN ${position} >= frontier THEN CASE WHEN ${old} OR ${next} THEN ${frozen} ELSE ${elsewhere} END`,
    `WHEN NOT ${old} THEN ${elsewhere}`,
    `WHEN ${position} >= capture THEN ${writeAndLog}`,
    `ELSE ${write} END`,
  ].join(' ');
}

/** Floor modulus: −5 mod 3 is 1. A modulus of 0 owns nothing, and must not be divided by. */
function owns(position: string, rule: 'old' | 'new'): string {
  const modulus = `NULLIF(${rule}_modulus, 0)`;
  return `COALESCE((${position} % ${modulus} + ${modulus}) % ${modulus} = ${rule}_residue, FALSE)`;
}
