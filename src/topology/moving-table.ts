import { earlierOf, type Layout, type Position, RoutingTable, type Rule, type Segment } from '../routing';

/** A stretch of the line in transition. From the watermark on the new rule holds, below it the old one. */
export interface Transition {
  /** Where it begins (inclusive). */
  readonly since: Position;
  /** Where it ends (exclusive); null: it has no end. */
  readonly upto: Position | null;
  /** From `since`, when all of it is under the new rule, to `upto`, when none is; null: at the open end. */
  readonly watermark: Position | null;
}

/**
 * The routing table while rows move: that of the old placement, except that each stretch in transition is under the new one from its
 * watermark on. What only the new placement covers is under it already, since no row can be there.
 *
 * @param transitions - in order and without overlap.
 */
export function movingTable(from: RoutingTable, to: RoutingTable, transitions: readonly Transition[]): RoutingTable {
  const moved = transitions.flatMap(({ watermark, upto }) => {
    const begin = watermark ?? Number.POSITIVE_INFINITY;
    const end = upto ?? Number.POSITIVE_INFINITY;
    return begin < end ? [{ begin, end }] : [];
  });
  const pieces = [...overlay(from.segments, to.segments, moved)];
  return new RoutingTable(joined(pieces, from.layout));
}

interface Piece {
  readonly start: Position;
  readonly rule: Rule;
}

/** Walks old and new segments and what has moved at once, and yields where the rule may change. */
function* overlay(old: readonly Segment[], next: readonly Segment[], moved: readonly Stretch[]): Generator<Piece> {
  const [before, after] = [new Walk(old.map(stretchOf)), new Walk(next.map(stretchOf))];
  const gone = new Walk(moved);
  const [first, second] = [old[0]!, next[0]!].map(stretchOf) as [Stretch, Stretch];
  let at = earlierOf(first.begin, second.begin);
  const end = earlierOf(stretchOf(old.at(-1)!).end, stretchOf(next.at(-1)!).end);
  while (at < end) {
    const [was, will] = [before.at(at), after.at(at)];
    const isMoved = gone.at(at) !== undefined || was === undefined;
    const rule = isMoved ? will?.rule : was?.rule;
    if (rule) yield { start: at, rule };
    at = earlierOf(earlierOf(before.nextAfter(at), after.nextAfter(at)), gone.nextAfter(at));
  }
}

interface Stretch {
  readonly begin: Position;
  readonly end: Position;
  readonly rule?: Rule;
}

/** Answers, for positions that only grow, which of some sorted stretches they are in, and where that changes next. */
class Walk {
  readonly #stretches: readonly Stretch[];
  #index = 0;

  constructor(stretches: readonly Stretch[]) {
    this.#stretches = stretches;
  }

  at(position: Position): Stretch | undefined {
    while (this.#index < this.#stretches.length && this.#stretches[this.#index]!.end <= position) this.#index += 1;
    const stretch = this.#stretches[this.#index];
    return stretch && stretch.begin <= position ? stretch : undefined;
  }

  /** The next border beyond a position that {@link at} was asked for. */
  nextAfter(position: Position): Position {
    const stretch = this.#stretches[this.#index];
    if (!stretch) return Number.POSITIVE_INFINITY;
    return stretch.begin > position ? stretch.begin : stretch.end;
  }
}

function stretchOf({ since, upto, rule }: Segment): Stretch {
  return { begin: since ?? Number.NEGATIVE_INFINITY, end: upto ?? Number.POSITIVE_INFINITY, rule };
}

/** Joins neighbours under one rule. */
function joined(pieces: readonly Piece[], { placement, end }: Layout): Layout {
  const rules: Rule[] = [];
  const places = new Map<string, number>();
  // Thousands of pieces share a few rules.
  const known = new Map<Rule, number>();
  const placeOf = (rule: Rule): number => {
    const key = JSON.stringify(rule.shards);
    const place = places.get(key) ?? rules.push(rule) - 1;
    places.set(key, place);
    known.set(rule, place);
    return place;
  };
  const indexes = pieces.map(({ rule }) => known.get(rule) ?? placeOf(rule));
  const isFirst = (_: unknown, index: number) => indexes[index] !== indexes[index - 1];
  const starts = pieces.map(({ start }) => start).filter(isFirst);
  return { placement, parameters: 'moving', starts, ruleIndexes: indexes.filter(isFirst), rules, end };
}
