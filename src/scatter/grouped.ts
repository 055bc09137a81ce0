import { type EntityManager, type EntityMetadata, type ObjectLiteral, TypeORMError } from 'typeorm';
import { MergeOrderError } from '../errors';
import { mergeOn } from './grouped/merge';
import { type SentRow, ShardPart } from './grouped/shard-part';
import type { SlotTypes } from './grouped/slot';
import type { ScatterCall } from './scatter-call';

interface Answer {
  readonly part: ShardPart;
  readonly types: SlotTypes;
  readonly rows: readonly SentRow[];
}

/**
 * The raw rows of a builder with groups, aggregates or DISTINCT, as one database would give them.
 *
 * Each shard groups its own rows; then one shard's database merges the groups, so that they are equal, ordered, rounded and typed as
 * that database has it. Sums and averages of floating-point columns may differ in the last digits, since they depend on the order in
 * which rows are added; the one value that is shown of keys that a collation holds equal may be any of them, as in one database.
 *
 * @throws {ScatterUnsupportedError} before any statement, for what cannot be merged, by name.
 * @throws {MergeOrderError} when the shards do not compare a column alike.
 */
export async function scatterGrouped(call: ScatterCall): Promise<ObjectLiteral[]> {
  const { operation, shards, access } = call;
  const answers = await access.runAll(operation, shards, (manager) => answerOf(call, manager));
  const [first] = answers;
  const [judge] = shards;
  if (!first || !judge) return [];
  for (const answer of answers) refuseDifference(call, first, answer);
  const rows = answers.flatMap((answer) => answer.rows);
  return access.run(judge, (manager) => mergeOn(new ShardPart(call, manager), { rows, types: first.types }));
}

/** A call of `sum`, `average`, `minimum` or `maximum` of a repository. */
export interface AggregateCall {
  readonly fn: 'sum' | 'average' | 'minimum' | 'maximum';
  /** The column's property path. */
  readonly column: string;
}

/**
 * The sum, average, least or greatest value of a column over the rows of a builder, as a number like TypeORM's; null for no row.
 *
 * @throws {TypeORMError} (TypeORM's) for an unknown column.
 */
export async function scatterAggregate(call: ScatterCall, { fn, column: path }: AggregateCall): Promise<number | null> {
  const name = { sum: 'SUM', average: 'AVG', minimum: 'MIN', maximum: 'MAX' }[fn];
  const [row] = await scatterGrouped({
    ...call,
    recipe: (manager) => {
      const builder = call.recipe(manager);
      const column = columnOf(builder.expressionMap.mainAlias?.metadata, path);
      const argument = [builder.alias, column].map((each) => builder.escape(each)).join('.');
      return builder.select(`${name}(${argument})`, name).setOption('disable-global-order');
    },
  });
  const value: unknown = row?.[name];
  return value === null || value === undefined ? null : Number.parseFloat(String(value));
}

async function answerOf(call: ScatterCall, manager: EntityManager): Promise<Answer> {
  const part = new ShardPart(call, manager);
  const types = await part.types();
  const rows = await part.rows(types);
  call.access.admitRows(rows.length);
  return { part, types, rows };
}

function refuseDifference({ sharding }: ScatterCall, first: Answer, other: Answer): void {
  for (const slot of first.part.plan.slots) {
    if (first.types.get(slot.name)?.signature === other.types.get(slot.name)?.signature) continue;
    throw new MergeOrderError(
      sharding.metadata.name,
      slot.column?.propertyPath ?? slot.argument,
      'its type or collation is not the same on all shards',
      'Give the column the same type and collation on every shard.',
    );
  }
}

function columnOf(metadata: EntityMetadata | undefined, path: string): string {
  const column = metadata?.columns.find(({ propertyPath }) => propertyPath === path);
  if (!column) throw new TypeORMError(`Column "${path}" was not found in table "${metadata?.name}"`);
  return column.databaseName;
}
