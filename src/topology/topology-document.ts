import { ConfigurationError } from '../errors';
import { integerOf, type Position, type RoutingTable, readTable, type TableDocument, writeTable } from '../routing';
import { movingTable } from './moving-table';
import type { GroupMove, PlanRow, Topology, TopologyPlan, TopologyState } from './topology';
import type { StoredTopology } from './topology-store';

/** Of the document's form; a library that does not know it must not touch it. */
const FORMAT = 1;

type WrittenPosition = number | string;
type WrittenRow = readonly [since: WrittenPosition, upto: WrittenPosition, watermark: WrittenPosition, token: number];

interface MoveDocument {
  /** The placement that is not in force: the next one, or from `cleaning` on the one before. */
  readonly other: TableDocument;
  readonly rows: readonly WrittenRow[];
}

type PlanDocument = Omit<TopologyPlan, 'moves'> & { readonly moves: Readonly<Record<string, MoveDocument>> };

interface TopologyDocument extends Omit<TopologyState, 'tables' | 'plan'> {
  readonly format: number;
  readonly tables: Readonly<Record<string, TableDocument>>;
  readonly plan: PlanDocument | null;
}

/** Writes a topology as the text that stores keep. */
export function writeTopology({ cluster, versionBase, weights, tables, lastToken, plan }: TopologyState): string {
  const document: TopologyDocument = {
    format: FORMAT,
    cluster,
    versionBase,
    weights,
    tables: Object.fromEntries([...tables].map(([name, table]) => [name, writeTable(table)])),
    lastToken,
    plan: plan && { ...plan, moves: Object.fromEntries([...plan.moves].map(([name, move]) => [name, writeMove(move, isInForce(plan))])) },
  };
  return JSON.stringify(document);
}

/**
 * Reads a topology from what {@link writeTopology} wrote.
 *
 * @throws {ConfigurationError} when the text is damaged or was written by a newer version of the library.
 */
export function readTopology({ version, document }: StoredTopology): Topology {
  const { format, cluster, versionBase, weights, tables: written, lastToken, plan } = parse(document);
  if (format !== FORMAT) throw unreadable();
  const tables = new Map(Object.entries(written).map(([name, table]) => [name, readTable(table)]));
  return topologyOf({ cluster, versionBase, weights, tables, lastToken, plan: plan && readPlan(plan, tables) }, version);
}

/** What a state is once it is stored under a version of the store. */
export function topologyOf(state: TopologyState, storeVersion: number): Topology {
  return Object.freeze({ ...state, storeVersion, version: state.versionBase + storeVersion, routes: routesOf(state) });
}

function routesOf({ tables, plan }: TopologyState): ReadonlyMap<string, RoutingTable> {
  if (!plan || isInForce(plan)) return tables;
  const moving = [...plan.moves].map(([name, { from, to, rows }]) => [name, movingTable(from, to, rows)] as const);
  return new Map([...tables, ...moving]);
}

/** Whether the placement after the plan is the one in force. */
function isInForce({ phase }: Pick<TopologyPlan, 'phase'>): boolean {
  return phase === 'cleaning' || phase === 'disarming';
}

function writeMove({ from, to, rows }: GroupMove, inForce: boolean): MoveDocument {
  return {
    other: writeTable(inForce ? from : to),
    rows: rows.map(({ since, upto, watermark, token }) => [written(since), written(upto), written(watermark), token]),
  };
}

function readPlan(plan: PlanDocument, tables: ReadonlyMap<string, RoutingTable>): TopologyPlan {
  const moves = Object.entries(plan.moves).map(([name, { other, rows }]) => {
    const table = tables.get(name);
    if (!table) throw unreadable();
    const [from, to] = isInForce(plan) ? [readTable(other), table] : [table, readTable(other)];
    return [name, { from, to, rows: rows.map(readRow) }] as const;
  });
  return { ...plan, moves: new Map(moves) };
}

function readRow([since, upto, watermark, token]: WrittenRow): PlanRow {
  return { since: read(since), upto: read(upto), watermark: read(watermark), token };
}

/** Positions beyond 2^53 are text, and so are ends of the line. */
function written(position: Position): WrittenPosition {
  return Number.isSafeInteger(position) ? (position as number) : String(position);
}

function read(position: WrittenPosition): Position {
  if (typeof position === 'number') return position;
  return /Infinity$/.test(position) ? Number(position) : integerOf(BigInt(position));
}

function parse(text: string): TopologyDocument {
  try {
    return JSON.parse(text) as TopologyDocument;
  } catch (cause) {
    throw Object.assign(unreadable(), { cause });
  }
}

function unreadable(): ConfigurationError {
  return new ConfigurationError(['The stored topology is damaged, or was written by a newer version of the library.']);
}
