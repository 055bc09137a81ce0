import type { QueryRunner } from 'typeorm';
import { integerOf, type Position } from '../../routing';
import type { MovableTable, MovedStretch } from '../rows';
import { select } from '../rows/statement';
import { movedCondition } from '../rows/stretch-condition';

/** How many stretches one statement counts. */
const BATCH = 64;

/** Counts the rows of a table in stretches, exactly, by the index of the position. Nothing is locked. */
export async function countStretches(runner: QueryRunner, table: MovableTable, stretches: readonly MovedStretch[]): Promise<number> {
  let rows = 0;
  for (const conditions of batched(table, stretches)) {
    const counts = conditions.map((condition) => `SELECT COUNT(*) AS n FROM ${table.quotedPath}${table.byPosition} WHERE ${condition}`);
    const [found] = await select(runner, `SELECT SUM(n) AS n FROM (${counts.join(' UNION ALL ')}) u`);
    rows += Number(found?.n ?? 0);
  }
  return rows;
}

/** Positions of stretches that have more than `limit` rows in a table, with their rows there. */
export async function crowdedPositions(
  runner: QueryRunner,
  table: MovableTable,
  { stretches, limit }: { readonly stretches: readonly MovedStretch[]; readonly limit: number },
): Promise<readonly (readonly [Position, number])[]> {
  const { expression, dialect } = table.position;
  const crowded: (readonly [Position, number])[] = [];
  for (const conditions of batched(table, stretches)) {
    const groups = conditions.map(
      (condition) =>
        `SELECT ${expression} AS p, COUNT(*) AS n FROM ${table.quotedPath}${table.byPosition} WHERE ${condition} ` +
        `GROUP BY ${expression} HAVING COUNT(*) > ${limit}`,
    );
    const place = `CAST(p AS ${dialect === 'mysql' ? 'CHAR' : 'TEXT'})`;
    const found = await select(runner, `SELECT ${place} AS place, n FROM (${groups.join(' UNION ALL ')}) u LIMIT 100`);
    crowded.push(...found.map(({ place: at, n }) => [integerOf(BigInt(String(at))), Number(n)] as const));
  }
  return crowded;
}

/** Counts the rows of a table at one position. */
export async function countAt(runner: QueryRunner, table: MovableTable, position: Position): Promise<number> {
  return countStretches(runner, table, [{ from: position, upto: integerOf(BigInt(position) + 1n), rules: [] }]);
}

/**
 * Reads every `step`-th position of a stretch in a table, in order, by the index; a position that has many rows may come several times.
 */
export async function samplePositions(
  runner: QueryRunner,
  table: MovableTable,
  { stretch, step }: { readonly stretch: MovedStretch; readonly step: number },
): Promise<readonly Position[]> {
  const { column, expression, dialect } = table.position;
  const positions: Position[] = [];
  for (let { from } = stretch; ; ) {
    const condition = movedCondition(table.position, { ...stretch, from });
    const read = `SELECT ${expression} AS p FROM ${table.quotedPath}${table.byPosition} WHERE ${condition} ORDER BY ${column} LIMIT 1 OFFSET ${step - 1}`;
    const [found] = await select(runner, `SELECT CAST(p AS ${dialect === 'mysql' ? 'CHAR' : 'TEXT'}) AS place FROM (${read}) u`);
    if (!found) return positions;
    const place = BigInt(String(found.place));
    positions.push(integerOf(place));
    from = integerOf(place + 1n);
  }
}

function batched({ position }: MovableTable, stretches: readonly MovedStretch[]): readonly (readonly string[])[] {
  const conditions = stretches.flatMap((stretch) => movedCondition(position, stretch) ?? []);
  return Array.from({ length: Math.ceil(conditions.length / BATCH) }, (_, batch) => conditions.slice(batch * BATCH, (batch + 1) * BATCH));
}
