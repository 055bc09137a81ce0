import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import type { Position } from '../routing';
import { boundedTransaction, STEP_WAIT_MS } from './bounded-transaction';
import { controlNames } from './control-tables';
import { fenceDialect } from './fence-dialect';
import { closeGate } from './gate';
import type { MarkOutcome } from './mark-outcome';
import { type OwnershipKey, type OwnershipRow, positionText, type ShardRule } from './ownership-row';
import { keyCondition, keyParameters, parameter, positionParameter, selectRows, toRow } from './ownership-sql';

/**
 * The updates of a member's ownership rows: each of one row by its whole primary key, in a transaction of its own, since two rows in one
 * would deadlock with writers; each waits no longer than 100 ms for writers in flight; each may be repeated. The runner must be in no
 * transaction. On PostgreSQL each passes the row's gate first.
 */
export class OwnershipMarks {
  readonly #source: ShardDataSource;
  readonly #waitMs: number;

  /** @param waitMs - how long one mark may wait, and hold up writers, in milliseconds. */
  constructor(source: ShardDataSource, waitMs: number = STEP_WAIT_MS) {
    this.#source = source;
    this.#waitMs = waitMs;
  }

  /** Gives a row to the mover with this token; refused when it has a higher one. From then on older movers can write nothing in it. */
  raise(runner: QueryRunner, key: OwnershipKey, token: number): Promise<MarkOutcome> {
    return this.#mark(runner, key, { set: [], token, holds: () => true });
  }

  /** Gives a row at rest the rule that it will have: all of it is still under the old one. Refused once a chunk of it has moved. */
  begin(runner: QueryRunner, key: OwnershipKey, { token, newRule, version }: BeginMarks): Promise<MarkOutcome> {
    return this.#mark(runner, key, {
      set: [...MARKS.map((mark) => [mark, 'upto'] as const), ...Object.entries({ ...ruleColumns('new', newRule), version })],
      where: [...AT_REST, ['watermark =', 'since']],
      token,
      holds: (row) => isSameRule(row.newRule, newRule) && row.frontier === row.upto && row.version === version,
    });
  }

  /** Drops the plan of a row of which nothing has moved and nothing is frozen. */
  abandon(runner: QueryRunner, key: OwnershipKey, { token, version }: SettleMarks): Promise<MarkOutcome> {
    return this.#mark(runner, key, {
      set: [
        ...MARKS.map((mark) => [mark, 'since'] as const),
        ['new_modulus', 'old_modulus'],
        ['new_residue', 'old_residue'],
        ['version', version],
      ],
      where: [['frontier =', 'upto']],
      token,
      holds: isAtRest,
    });
  }

  /** Ends the move of a row of which all has moved: its new rule becomes its only one. Departures must have been deleted before. */
  settle(runner: QueryRunner, key: OwnershipKey, { token, version }: SettleMarks): Promise<MarkOutcome> {
    return this.#mark(runner, key, {
      set: [
        ['old_modulus', 'new_modulus'],
        ['old_residue', 'new_residue'],
        ['capture', 'since'],
        ['version', version],
      ],
      where: [['watermark =', 'since']],
      token,
      holds: isAtRest,
    });
  }

  /**
   * Freezes a chunk: nobody but this mover writes at and above `frontier`. When it is done, every write that was in flight there has
   * ended.
   *
   * @param marks - `watermark` is what the topology says of the row; while the shard's is another it must be lowered first. A frontier is
   *   never raised by this, which {@link setBack} is for.
   */
  freeze(
    runner: QueryRunner,
    key: OwnershipKey,
    { token, watermark, frontier }: { readonly token: number; readonly watermark: Position; readonly frontier: Position },
  ): Promise<MarkOutcome> {
    return this.#mark(runner, key, {
      set: [['frontier', { position: frontier }]],
      where: [
        ['watermark =', { position: watermark }],
        ['frontier >=', { position: frontier }],
        ['since <=', { position: frontier }],
      ],
      token,
      holds: (row) => row.frontier === frontier && row.watermark === watermark,
    });
  }

  /**
   * Opens a frozen chunk again under the old rule. Arrivals must have been cleared before, and no swap of the chunk may have been sent
   * under this token.
   *
   * @param marks - `watermark` and `version` are the topology's: a shard that has not heard of the last commit is lowered to it in the same
   *   update, or that chunk would be given back to its source. Refused when the shard knows of a later one.
   */
  setBack(
    runner: QueryRunner,
    key: OwnershipKey,
    { token, watermark, version }: { readonly token: number; readonly watermark: Position; readonly version: number },
  ): Promise<MarkOutcome> {
    return this.#mark(runner, key, {
      set: [
        ['watermark', { position: watermark }],
        ['frontier', { position: watermark }],
        ['version', version],
      ],
      where: [
        ['watermark >=', { position: watermark }],
        ['version <=', version],
      ],
      token,
      holds: (row) => row.frontier === watermark && row.watermark === watermark,
    });
  }

  /**
   * Brings a row down to a watermark that the topology has committed. For any process; the token is left as it is. Done as well when the
   * row is there already or below. Refused when the row is of a later version: whoever read a commit and was stopped must not lower a row
   * of the next plan.
   */
  lower(runner: QueryRunner, key: OwnershipKey, { watermark, version }: { readonly watermark: Position; readonly version: number }) {
    const least = fenceDialect(this.#source) === 'sqlite' ? 'MIN' : 'LEAST';
    const at = (index: number) => positionParameter(this.#source, index);
    const set = `frontier = ${least}(frontier, ${at(0)}), watermark = ${at(1)}, version = ${parameter(this.#source, 2)}`;
    const where = `${keyCondition(this.#source, 3)} AND watermark > ${at(6)} AND since <= ${at(7)} AND version < ${parameter(this.#source, 8)}`;
    const text = positionText(watermark);
    const parameters = [text, text, version, ...keyParameters(key), text, text, version];
    return this.#apply(runner, key, { sql: `${set} WHERE ${where}`, parameters, holds: (row) => row.watermark <= watermark });
  }

  /** A step of a mover: only with a token that is not lower than the row's, which becomes the row's. */
  #mark(runner: QueryRunner, key: OwnershipKey, { set, where = [], token, holds }: MoverStep): Promise<MarkOutcome> {
    const parameters: unknown[] = [];
    const placed = (term: Term) => {
      if (typeof term === 'string') return term;
      parameters.push(typeof term === 'number' ? term : positionText(term.position));
      return (typeof term === 'number' ? parameter : positionParameter)(this.#source, parameters.length - 1);
    };
    const sets = ([['token', token], ...set] as const).map(([column, to]) => `${column} = ${placed(to)}`);
    const first = parameters.push(...keyParameters(key)) - 3;
    const wheres = ([['token <=', token], ...where] as const).map(([condition, to]) => `${condition} ${placed(to)}`);
    const sql = `${sets.join(', ')} WHERE ${[keyCondition(this.#source, first), ...wheres].join(' AND ')}`;
    return this.#apply(runner, key, { sql, parameters, holds: (row) => row.token === token && holds(row) });
  }

  /** Whether it took effect is told by the row itself, read under the same lock: drivers count rows that stay the same differently. */
  async #apply(runner: QueryRunner, key: OwnershipKey, { sql, parameters, holds }: Update): Promise<MarkOutcome> {
    const source = this.#source;
    const done = await boundedTransaction(
      source,
      runner,
      async (run) => {
        await closeGate(run, source, key);
        await run(`UPDATE ${controlNames(source).ownership} SET ${sql}`, parameters);
        const lock = fenceDialect(source) === 'sqlite' ? '' : ' FOR UPDATE';
        const [found] = await run(`${selectRows(source, `WHERE ${keyCondition(source, 0)}`)}${lock}`, keyParameters(key));
        return found && toRow(found);
      },
      this.#waitMs,
    );
    if (done.isBlocked) return { kind: 'blocked', cause: done.cause };
    const row = done.value;
    return row && holds(row) ? { kind: 'done', row } : { kind: 'refused', row };
  }
}

/** What begins the move of a row. */
export interface BeginMarks {
  readonly token: number;
  /** What this shard owns of the row when it has moved. */
  readonly newRule: ShardRule;
  /** Of the topology that has the plan. */
  readonly version: number;
}

/** What ends the move of a row. */
export interface SettleMarks {
  readonly token: number;
  readonly version: number;
}

/** A column's name, a number, or a position. */
type Term = string | number | { readonly position: Position };

interface MoverStep {
  readonly set: readonly (readonly [column: string, to: Term])[];
  readonly where?: readonly (readonly [condition: string, to: Term])[];
  readonly token: number;
  readonly holds: (row: OwnershipRow) => boolean;
}

const MARKS = ['watermark', 'frontier', 'capture'] as const;

const AT_REST = [
  ['old_modulus =', 'new_modulus'],
  ['old_residue =', 'new_residue'],
] as const;

function ruleColumns(which: 'old' | 'new', { modulus, residue }: ShardRule): Readonly<Record<string, number>> {
  return { [`${which}_modulus`]: modulus, [`${which}_residue`]: residue };
}

function isSameRule(a: ShardRule, b: ShardRule): boolean {
  return a.modulus === b.modulus && a.residue === b.residue;
}

function isAtRest(row: OwnershipRow): boolean {
  return isSameRule(row.oldRule, row.newRule) && row.watermark === row.since;
}

interface Update {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly holds: (row: OwnershipRow) => boolean;
}
