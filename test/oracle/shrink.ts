import type { Batch } from './batches';
import type { Call } from './calls';
import type { Row, Rows } from './rows';

/** Tries a smaller batch. @returns What differs, or undefined when nothing does. */
export type Trial = (batch: Batch) => Promise<string | undefined>;

/** A batch that still fails, and how. */
export interface Failing {
  readonly batch: Batch;
  readonly difference: string;
}

/**
 * Makes a failing batch small enough to read: the last call alone where that fails too, then fewer parts of it, then fewer rows.
 * It knows what calls and rows are made of, so it is much faster than shrinking each value of some thousand.
 */
export async function shrink(failing: Failing, trial: Trial, deadlineMs: number): Promise<Failing> {
  const end = Date.now() + deadlineMs;
  let best = failing;
  const accept = async (candidates: Iterable<Batch>): Promise<boolean> => {
    for (const batch of candidates) {
      if (Date.now() > end) return false;
      const difference = await trial(batch);
      if (difference === undefined) continue;
      best = { batch, difference };
      return true;
    }
    return false;
  };
  while ((await accept(fewerCalls(best.batch))) || (await accept(simplerCalls(best.batch))) || (await accept(fewerRows(best.batch))));
  while (await accept(plainerRows(best.batch)));
  return best;
}

function* fewerCalls({ rows, calls }: Batch): Iterable<Batch> {
  if (calls.length === 1) return;
  yield { rows, calls: calls.slice(-1) };
  for (let size = calls.length >> 1; size >= 1; size >>= 1) {
    for (let from = 0; from + size < calls.length; from += size) yield { rows, calls: calls.toSpliced(from, size) };
  }
}

/** Of the last call only; those before it are there for what they wrote. */
function* simplerCalls({ rows, calls }: Batch): Iterable<Batch> {
  const last = calls.at(-1) as Call;
  for (const simpler of simplerObjects(last as unknown as Row, 0))
    yield { rows, calls: [...calls.slice(0, -1), simpler as unknown as Call] };
}

/** Leaves out one optional member, one element of a list, or the like deeper down. */
function* simplerObjects(value: Row, depth: number): Iterable<Row> {
  for (const [name, member] of Object.entries(value)) {
    const { [name]: _left, ...without } = value;
    if (OPTIONAL.has(name) || (depth > 0 && typeof member === 'object')) yield without;
    if (Array.isArray(member) && LISTS.has(name)) {
      for (const index of member.keys()) {
        if (member.length > 1) yield { ...value, [name]: member.toSpliced(index, 1) };
        if (isPlain(member[index])) {
          for (const each of simplerObjects(member[index], depth + 1)) {
            if (Object.keys(each).length > 0) yield { ...value, [name]: member.with(index, each) };
          }
        }
      }
    } else if (name === 'options' && isPlain(member)) {
      for (const each of simplerObjects(member, depth)) yield { ...value, options: each };
    }
  }
}

const OPTIONAL = new Set(
  ['where', 'order', 'skip', 'take', 'select', 'relations', 'strategy', 'withDeleted', 'loadRelationIds', 'cache', 'comment'].concat([
    'joins',
    'having',
    'page',
    'nulls',
  ]),
);
const LISTS = new Set(['where', 'criteria', 'order', 'select', 'relations', 'joins', 'columns', 'aggregates', 'rows', 'loadRelationIds']);

function* fewerRows({ rows, calls }: Batch): Iterable<Batch> {
  for (const table of ['notes', 'orders', 'users'] as const) {
    const list = rows[table];
    for (let size = list.length; size >= 1; size >>= 1) {
      for (let from = 0; from < list.length; from += size)
        yield { rows: withParents({ ...rows, [table]: list.toSpliced(from, size) }), calls };
    }
  }
}

/** Leaves out children whose parent is gone. */
function withParents(rows: Rows): Rows {
  const guids = new Set(rows.users.map(({ guid }) => guid));
  const there = ({ userGuid }: Row) => guids.has(userGuid);
  return { ...rows, orders: rows.orders.filter(there), notes: rows.notes.filter(there) };
}

/** Makes a column NULL in all rows of a table, so that the columns that matter stand out. */
function* plainerRows({ rows, calls }: Batch): Iterable<Batch> {
  for (const table of ['notes', 'orders', 'users', 'countries'] as const) {
    const columns = Object.keys(rows[table][0] ?? {}).filter((name) => !KEPT.has(name) && rows[table].some((row) => row[name] !== null));
    for (const name of columns) yield { rows: { ...rows, [table]: rows[table].map((row) => ({ ...row, [name]: null })) }, calls };
  }
}

const KEPT = new Set(['guid', 'userGuid', 'nr', 'id', 'code', 'address']);

function isPlain(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}
