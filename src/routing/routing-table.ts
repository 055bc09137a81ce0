import { PositionUnownedError } from '../errors';
import type { Layout, PlacementKind } from './layout';
import { layoutChecksum } from './layout-checksum';
import { collectOwners } from './owners-between';
import { HASH_LINE_LENGTH, isPosition, type Position } from './position';
import { indexUnder, type ShardName } from './rule';
import { finiteOrNull, type Segment } from './segment';

/**
 * A placement compiled to sorted segments: says who owns a position, without I/O and without promises.
 *
 * Immutable. Made by `Placement.compile`. Two tables with one checksum answer alike in every process.
 */
export class RoutingTable {
  /** Which placement it was compiled from. */
  readonly placement: PlacementKind;
  /** Every shard that owns something, sorted by name. */
  readonly shards: readonly ShardName[];
  /** @internal What the table was made from. */
  readonly layout: Layout;
  readonly #starts: ArrayLike<Position>;
  readonly #slots: Uint16Array | undefined;
  readonly #moduli: readonly bigint[];
  #segments: readonly Segment[] | undefined;
  #checksum: string | undefined;

  /**
   * @param layout - The compiled columns; they are not checked and must not change afterwards.
   * @param same - A table made from the same columns.
   */
  constructor(layout: Layout, same?: RoutingTable) {
    this.placement = layout.placement;
    this.shards = same?.shards ?? Object.freeze([...new Set(layout.rules.flatMap(({ shards }) => shards))].sort());
    this.layout = layout;
    this.#starts = layout.starts;
    this.#slots = layout.slots;
    this.#moduli = same ? same.#moduli : layout.rules.map(({ shards }) => BigInt(shards.length));
  }

  /** Hash of the placement's kind, its parameters and of who owns what, in hexadecimal. A key that moves changes it. */
  get checksum(): string {
    this.#checksum ??= layoutChecksum(this.layout);
    return this.#checksum;
  }

  /** Every shard that owns something: {@link shards}, for what needs all of them. */
  everyOwner(): readonly ShardName[] {
    return this.shards;
  }

  /** The line in order: no gaps, neighbours under different rules. Made at the first use, then kept. */
  get segments(): readonly Segment[] {
    this.#segments ??= Object.freeze(Array.from(this.#starts, (_, index) => this.#segmentAt(index)));
    return this.#segments;
  }

  /**
   * Finds the shard that owns a position.
   *
   * One array index for a ring of slots, a binary search otherwise; nothing is allocated for positions that are numbers.
   *
   * @param position - See `hashPosition` and `integerPosition`; number and bigint mean the same.
   * @returns The owner's name, always one of {@link RoutingTable.shards}.
   * @throws PositionUnownedError when the position is no integer, or lies outside the line, for example below the first range.
   * @see Karger et al., "Consistent Hashing and Random Trees", STOC 1997.
   */
  ownerOf(position: Position): ShardName {
    const rule = this.#slots === undefined ? this.#ruleOf(position) : this.#ruleOfSlot(this.#slots, position);
    const { shards } = this.layout.rules[rule]!;
    return shards[indexUnder(position, shards.length, this.#moduli[rule]!)]!;
  }

  /**
   * Finds the shards that own at least one position of an interval: the smallest set that a range condition proves.
   *
   * @param low - First position (inclusive), rounded up to an integer; null: no lower bound.
   * @param high - Last position (inclusive), rounded down to an integer; null: no upper bound.
   * @returns Names in the order of {@link RoutingTable.shards}; none when the interval is empty or lies outside the line.
   * @throws PositionUnownedError when a bound is NaN.
   */
  ownersBetween(low: Position | null, high: Position | null): readonly ShardName[] {
    const from = this.#bound(low ?? Number.NEGATIVE_INFINITY, Math.ceil);
    const to = this.#bound(high ?? Number.POSITIVE_INFINITY, Math.floor);
    const first = Math.max(0, this.#segmentIndexOf(from));
    const owners = collectOwners(this.layout, { low: from, high: to }, first, this.shards.length);
    return this.shards.filter((shard) => owners.has(shard));
  }

  /**
   * Tells how much of a hashed line a shard owns.
   *
   * @returns A fraction from 0 to 1; 0 for a shard that owns nothing; NaN for `ranges` and `modulo`, whose line has no length.
   */
  share(name: ShardName): number {
    const { starts, end, rules, ruleIndexes } = this.layout;
    if (end !== HASH_LINE_LENGTH) return Number.NaN;
    let owned = 0;
    for (let index = 0; index < starts.length; index += 1) {
      if (rules[ruleIndexes[index]!]!.shards[0] === name) owned += Number(starts[index + 1] ?? end) - Number(starts[index]);
    }
    return owned / HASH_LINE_LENGTH;
  }

  #segmentAt(index: number): Segment {
    const { rules, ruleIndexes, end } = this.layout;
    const [since, upto] = [this.#starts[index]!, this.#starts[index + 1] ?? end];
    return Object.freeze({ since: finiteOrNull(since), upto: finiteOrNull(upto), rule: rules[ruleIndexes[index]!]! });
  }

  #ruleOfSlot(slots: Uint16Array, position: Position): number {
    if (!isPosition(position) || position < 0 || position >= HASH_LINE_LENGTH) throw new PositionUnownedError(this.placement);
    return slots[Math.floor(Number(position) / (HASH_LINE_LENGTH / slots.length))]!;
  }

  #ruleOf(position: Position): number {
    const segment = isPosition(position) && position < this.layout.end ? this.#segmentIndexOf(position) : -1;
    if (segment < 0) throw new PositionUnownedError(this.placement);
    return this.layout.ruleIndexes[segment]!;
  }

  /** The last segment that begins at or before a position; -1 when all begin after it. */
  #segmentIndexOf(position: Position): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #bound(position: Position, round: (position: number) => number): Position {
    if (typeof position === 'bigint') return position;
    if (Number.isNaN(position)) throw new PositionUnownedError(this.placement);
    return round(position);
  }
}
