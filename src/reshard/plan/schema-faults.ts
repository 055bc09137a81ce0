import type { MovableTable } from '../rows';
import type { IndexShape, TableShape } from './shapes';

/** A table on one shard. */
export interface ShapedTable {
  readonly shard: string;
  readonly table: MovableTable;
  readonly shape: TableShape;
}

/** What a plan finds wrong, or worth knowing. */
export interface Findings {
  /** Reasons to refuse the plan; one sentence each. */
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

const TRANSACTIONAL = new Set(['innodb', 'rocksdb', 'tokudb']);

/** What keeps the rows of one table from being moved, seen on its own shard. */
export function tableFindings({ shard, table, shape }: ShapedTable): Findings {
  const where = `Shard ${shard}, table ${table.path}`;
  const { engine, indexes, triggers } = shape;
  const position = table.position.name.toLowerCase();
  return {
    faults: [
      ...(engine === undefined || TRANSACTIONAL.has(engine.toLowerCase())
        ? []
        : [`${where}: its engine ${engine} has no transactions. Run ALTER TABLE … ENGINE = InnoDB.`]),
      ...(indexes.some(({ columns }) => columns[0]?.toLowerCase() === position)
        ? []
        : [
            `${where}: there is no index over (${[table.position.name, ...table.key.map(({ name }) => name)].join(', ')}), by which rows are moved. Create it.`,
          ]),
    ],
    warnings: triggers.map(
      (name) => `${where}: the trigger ${name} fires also for rows that are copied to the shard and deleted from it by the move.`,
    ),
  };
}

/** What differs between the tables of one name; they are compared with the first. */
export function differenceFindings(tables: readonly ShapedTable[]): Findings {
  const [first, ...others] = tables;
  const found = others.map((other) => (first ? compare(first, other) : { faults: [], warnings: [] }));
  return { faults: found.flatMap(({ faults }) => faults), warnings: found.flatMap(({ warnings }) => warnings) };
}

function compare(first: ShapedTable, other: ShapedTable): Findings {
  const where = `Table ${first.table.table} differs between the shards ${first.shard} and ${other.shard}`;
  const name = (column: string) => column.toLowerCase();
  const columns = differing(first.shape.columns, other.shape.columns, name);
  const defaults = differing(first.shape.defaults, other.shape.defaults, name).filter((each) => !columns.includes(each));
  const indexes = (isUnique: boolean) => indexDifferences(first.shape.indexes, other.shape.indexes, isUnique);
  return {
    faults: [
      ...(columns.length > 0
        ? [`${where} in type, nullability or collation of the column(s) ${columns.join(', ')}. Make them alike.`]
        : []),
      ...(indexes(true).length > 0 ? [`${where} in the unique index(es) over ${indexes(true).join(', ')}. Make them alike.`] : []),
    ],
    warnings: [
      ...(defaults.length > 0 ? [`${where} in the default of the column(s) ${defaults.join(', ')}.`] : []),
      ...(indexes(false).length > 0 ? [`${where} in the index(es) over ${indexes(false).join(', ')}.`] : []),
    ],
  };
}

function differing(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>, name: (column: string) => string): readonly string[] {
  const other = new Map([...b].map(([column, text]) => [name(column), text]));
  const changed = [...a].filter(([column, text]) => other.get(name(column)) !== text).map(([column]) => column);
  const own = new Set([...a.keys()].map(name));
  return [...changed, ...[...b.keys()].filter((column) => !own.has(name(column)))];
}

function indexDifferences(a: readonly IndexShape[], b: readonly IndexShape[], isUnique: boolean): readonly string[] {
  const texts = (indexes: readonly IndexShape[]) =>
    new Set(indexes.filter((index) => index.isUnique === isUnique).map(({ columns }) => `(${columns.join(', ').toLowerCase()})`));
  const [left, right] = [texts(a), texts(b)];
  return [...[...left].filter((each) => !right.has(each)), ...[...right].filter((each) => !left.has(each))];
}
