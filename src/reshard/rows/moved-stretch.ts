import type { ShardRule } from '../../fence';
import type { Position } from '../../routing';

/** A part of the line: from `from` (inclusive) to `upto` (exclusive); either may be infinite. */
export interface Stretch {
  readonly from: Position;
  readonly upto: Position;
}

/** A stretch of one ownership row, and which of its positions move between two members: those that satisfy every rule. */
export interface MovedStretch extends Stretch {
  readonly rules: readonly ShardRule[];
}
