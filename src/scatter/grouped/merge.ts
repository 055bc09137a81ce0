import type { ObjectLiteral } from 'typeorm';
import type { Writer } from './plan';
import type { SentRow, ShardPart } from './shard-part';
import type { SlotTypes } from './slot';

/** What the shards have sent, and its types. */
export interface Sent {
  readonly rows: readonly SentRow[];
  readonly types: SlotTypes;
}

/** Lets one shard's database make the answer of what all shards have sent: it groups, compares, orders and types as it always does. */
export async function mergeOn(part: ShardPart, { rows, types }: Sent): Promise<ObjectLiteral[]> {
  const values = JSON.stringify(rows);
  if (Buffer.byteLength(values) > part.dialect.maxBytes) {
    throw part.refuse(`groups of more than ${part.dialect.maxBytes / 1_000_000} MB`);
  }
  const template = part.template();
  const parameters = { ...template.parameters, sharding_rows: values };
  const merged = await part.query<ObjectLiteral>({ sql: mergingSql(part, part.dialect.asSent?.(types, rows) ?? types), parameters });
  return [...merged];
}

function mergingSql(part: ShardPart, types: SlotTypes): string {
  const { plan, dialect } = part;
  const written = (write: Writer) => write(types);
  const selects = plan.selects.map(({ write, alias }) => `${write(types)} AS ${dialect.quote(alias)}`);
  const orders = plan.orders.map(({ write, direction }) => `${write(types)} ${direction}`);
  return [
    `SELECT ${plan.isDistinct ? 'DISTINCT ' : ''}${selects.join(', ')}`,
    `FROM ${dialect.table(plan.slots, types, part.template())}`,
    ...(plan.groupBys.length > 0 ? [`GROUP BY ${plan.groupBys.map(written).join(', ')}`] : []),
    ...(plan.having ? [`HAVING ${plan.having(types)}`] : []),
    ...(orders.length > 0 ? [`ORDER BY ${orders.join(', ')}`] : []),
    plan.page.trim(),
  ].join(' ');
}
