import type { Position } from '../routing';
import { isSameShardRule, type OwnershipKey, type OwnershipRow, type ShardRule } from './ownership-row';

/** A column's name, a number, or a position; or the least of the column and a position. */
export type MarkTerm = string | number | { readonly position: Position } | { readonly atMost: Position };

/** One update of one ownership row, which may be repeated. */
export interface Mark {
  readonly key: OwnershipKey;
  /** Columns, and what they become; the first first. */
  readonly set: readonly (readonly [column: string, to: MarkTerm])[];
  /** Left sides with their operators, and right sides; all of them must be true. */
  readonly where: readonly (readonly [condition: string, to: MarkTerm])[];
  /** Whether the row, as it is afterwards, is what was asked for. */
  readonly holds: (row: OwnershipRow) => boolean;
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

/** What freezes a chunk. */
export interface FreezeMarks {
  readonly token: number;
  /** What the topology says of the row; while the shard's is another it must be lowered first. */
  readonly watermark: Position;
  /** Never higher than it is, which {@link markOf.setBack} is for. */
  readonly frontier: Position;
}

/** What brings a row to a watermark of the topology, and the topology's version. */
export interface CommittedMarks {
  readonly watermark: Position;
  readonly version: number;
}

/** The marks that there are. All but `lower` are steps of a mover, and need a token that is not lower than the row's. */
export const markOf = {
  /** Gives a row to the mover with this token; refused when it has a higher one. From then on older movers can write nothing in it. */
  raise(key: OwnershipKey, token: number): Mark {
    return step(key, token, { holds: () => true });
  },

  /** Gives a row at rest the rule that it will have: all of it is still under the old one. Refused once a chunk of it has moved. */
  begin(key: OwnershipKey, { token, newRule, version }: BeginMarks): Mark {
    return step(key, token, {
      set: [
        ...MARKS.map((mark) => [mark, 'upto'] as const),
        ['new_modulus', newRule.modulus],
        ['new_residue', newRule.residue],
        ['version', version],
      ],
      where: [
        ['old_modulus =', 'new_modulus'],
        ['old_residue =', 'new_residue'],
        ['watermark =', 'since'],
      ],
      holds: (row) => isSameShardRule(row.newRule, newRule) && row.frontier === row.upto && row.version === version,
    });
  },

  /** Drops the plan of a row of which nothing has moved and nothing is frozen. */
  abandon(key: OwnershipKey, { token, version }: SettleMarks): Mark {
    return step(key, token, {
      set: [
        ...MARKS.map((mark) => [mark, 'since'] as const),
        ['new_modulus', 'old_modulus'],
        ['new_residue', 'old_residue'],
        ['version', version],
      ],
      where: [['frontier =', 'upto']],
      holds: isAtRest,
    });
  },

  /** Ends the move of a row of which all has moved: its new rule becomes its only one. Departures must have been deleted before. */
  settle(key: OwnershipKey, { token, version }: SettleMarks): Mark {
    return step(key, token, {
      set: [
        ['old_modulus', 'new_modulus'],
        ['old_residue', 'new_residue'],
        ['capture', 'since'],
        ['version', version],
      ],
      where: [['watermark =', 'since']],
      holds: isAtRest,
    });
  },

  /**
   * Freezes a chunk: nobody but this mover writes at and above `frontier`. When it is done, every write that was in flight there has
   * ended.
   */
  freeze(key: OwnershipKey, { token, watermark, frontier }: FreezeMarks): Mark {
    return step(key, token, {
      set: [['frontier', { position: frontier }]],
      where: [
        ['watermark =', { position: watermark }],
        ['frontier >=', { position: frontier }],
        ['since <=', { position: frontier }],
      ],
      holds: (row) => row.frontier === frontier && row.watermark === watermark,
    });
  },

  /**
   * Opens a frozen chunk again under the old rule. Arrivals must have been cleared before, and no swap of the chunk may have been sent
   * under this token. A shard that has not heard of the last commit is lowered to it in the same update, or that chunk would be given back
   * to its source. Refused when the shard knows of a later one.
   */
  setBack(key: OwnershipKey, { token, watermark, version }: CommittedMarks & { readonly token: number }): Mark {
    return step(key, token, {
      set: [
        ['watermark', { position: watermark }],
        ['frontier', { position: watermark }],
        ['version', version],
      ],
      where: [
        ['watermark >=', { position: watermark }],
        ['version <=', version],
      ],
      holds: (row) => row.frontier === watermark && row.watermark === watermark,
    });
  },

  /**
   * Brings a row down to a watermark that the topology has committed. For any process; the token is left as it is. Done as well when the
   * row is there already or below. Refused when the row is of a later version: whoever read a commit and was stopped must not lower a row
   * of the next plan.
   */
  lower(key: OwnershipKey, { watermark, version }: CommittedMarks): Mark {
    return {
      key,
      set: [
        ['frontier', { atMost: watermark }],
        ['watermark', { position: watermark }],
        ['version', version],
      ],
      where: [
        ['watermark >', { position: watermark }],
        ['since <=', { position: watermark }],
        ['version <', version],
      ],
      holds: (row) => row.watermark <= watermark,
    };
  },
};

const MARKS = ['watermark', 'frontier', 'capture'] as const;

type Step = Pick<Mark, 'holds'> & Partial<Pick<Mark, 'set' | 'where'>>;

function step(key: OwnershipKey, token: number, { set = [], where = [], holds }: Step): Mark {
  return {
    key,
    set: [['token', token], ...set],
    where: [['token <=', token], ...where],
    holds: (row) => row.token === token && holds(row),
  };
}

function isAtRest(row: OwnershipRow): boolean {
  return isSameShardRule(row.oldRule, row.newRule) && row.watermark === row.since;
}
