import type { ShardDataSource } from '../../cluster';
import { type FenceDialect, fenceDialect, positionExpression, quotedPath } from '../../fence';
import { hasPositionColumn, type ShardedEntity } from '../../metadata';

/** How a table says the position of a row, and how its index is asked for stretches of the line. */
export interface TablePosition {
  readonly dialect: FenceDialect;
  /** Name of the column that it is computed from, not quoted. */
  readonly name: string;
  /** SQL of that column, with its table. Rows in its order are in the order of their positions. */
  readonly column: string;
  /** SQL of the position. */
  readonly expression: string;
  /** Whether the column holds the position itself, or days or times that it is computed from. */
  readonly kind: 'integer' | 'day' | 'time';
}

/** @returns a sentence that says why the rows of the entity have no position. */
export function tablePosition(source: ShardDataSource, sharding: ShardedEntity): TablePosition | string {
  const position = positionExpression(source, sharding, source.context.positionColumn);
  if (position.fault !== undefined) return position.fault;
  const table = quotedPath(source, sharding.metadata.tablePath);
  return {
    dialect: fenceDialect(source),
    name: position.column,
    column: `${table}.${source.driver.escape(position.column)}`,
    expression: position.of(table),
    kind: kindOf(sharding),
  };
}

function kindOf(sharding: ShardedEntity): TablePosition['kind'] {
  const part = sharding.key[0]?.part;
  if (hasPositionColumn(sharding) || part?.type !== 'date') return 'integer';
  return part.dayOnly ? 'day' : 'time';
}
