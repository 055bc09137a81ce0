import { ConfigurationError } from '../errors';
import type { Layout, PlacementKind } from './layout';
import { HASH_LINE_LENGTH, isPosition, type Position, positionOf } from './position';
import { RoutingTable } from './routing-table';
import { ruleOf, type ShardName } from './rule';

/** A routing table as JSON. Positions beyond 2^53 are text; `null` is where the line has no beginning or no end. */
export interface TableDocument {
  readonly placement: PlacementKind;
  readonly parameters: string;
  readonly end: number | string | null;
  readonly starts: readonly (number | string | null)[];
  /** For each start the place of its rule in `rules`. */
  readonly under: readonly number[];
  readonly rules: readonly (readonly ShardName[])[];
  readonly checksum: string;
}

/** Writes a table down, so that {@link readTable} makes the same again. */
export function writeTable(table: RoutingTable): TableDocument {
  const { placement, parameters, end, starts, ruleIndexes, rules } = table.layout;
  return {
    placement,
    parameters,
    end: written(end),
    starts: Array.from(starts, written),
    under: Array.from(ruleIndexes),
    rules: rules.map(({ shards }) => shards),
    checksum: table.checksum,
  };
}

/**
 * Makes a table from what {@link writeTable} wrote.
 *
 * @throws {ConfigurationError} when the text is of another form, or its checksum is not that of what it holds.
 */
export function readTable(document: TableDocument): RoutingTable {
  const layout = isWellFormed(document) ? layoutOf(document) : undefined;
  const table = layout && new RoutingTable(layout);
  if (!table || table.checksum !== document.checksum) {
    throw new ConfigurationError(['A stored routing table is damaged, or was written by a newer version of the library.']);
  }
  return table;
}

function written(position: Position): number | string | null {
  if (typeof position === 'bigint') return String(position);
  return Number.isFinite(position) ? position : null;
}

function layoutOf({ placement, parameters, end, starts, under, rules }: TableDocument): Layout {
  const layout = {
    placement,
    parameters,
    starts: starts.map((each) => read(each, Number.NEGATIVE_INFINITY)),
    ruleIndexes: under,
    rules: rules.map(ruleOf),
    end: read(end, Number.POSITIVE_INFINITY),
  };
  const [, slots] = /^slots=(\d+)$/.exec(parameters) ?? [];
  return slots === undefined ? layout : { ...layout, slots: slotsOf(layout, Number(slots)) };
}

/** The rule of each slot, spread again from where the rules begin. */
function slotsOf({ starts, ruleIndexes }: Layout, count: number): Uint16Array {
  const slots = new Uint16Array(count);
  const length = HASH_LINE_LENGTH / count;
  for (let index = 0; index < starts.length; index += 1) {
    slots.fill(ruleIndexes[index]!, Number(starts[index]) / length);
  }
  return slots;
}

function read(position: number | string | null, infinite: number): Position {
  if (position === null) return infinite;
  return typeof position === 'string' ? positionOf(BigInt(position)) : position;
}

function isWellFormed(document: unknown): document is TableDocument {
  const { placement, parameters, end, starts, under, rules } = (document ?? {}) as Partial<Record<keyof TableDocument, unknown>>;
  if (!['hashRing', 'ranges', 'modulo'].includes(placement as string) || typeof parameters !== 'string') return false;
  if (!isWritten(end) || !Array.isArray(starts) || !Array.isArray(under) || !Array.isArray(rules)) return false;
  const isRule = (each: unknown) => Array.isArray(each) && each.length > 0 && each.every((name) => typeof name === 'string');
  return (
    starts.length > 0 &&
    starts.length === under.length &&
    starts.every(isWritten) &&
    rules.every(isRule) &&
    under.every((index) => Number.isInteger(index) && index in rules)
  );
}

function isWritten(position: unknown): boolean {
  return position === null || (typeof position === 'string' ? /^-?\d+$/.test(position) : isPosition(position));
}
