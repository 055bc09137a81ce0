import type { EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** What TypeORM sets on the query by which it reads back what the database generated for inserted rows, and on no other. */
const RESELECT = 'create-pojo';

/**
 * Makes the rows that TypeORM reads back after an insert come in the order in which they were inserted.
 *
 * Where the database has no RETURNING, TypeORM selects the generated columns of all rows in one statement without an order and gives
 * the first answer to the first row, so that objects end up with each other's primary keys, and the next `save` writes the wrong row.
 */
export function keepReselectOrder<E extends ObjectLiteral>(builder: SelectQueryBuilder<E>): SelectQueryBuilder<E> {
  const { where, setOption, getMany } = builder;
  let ids: readonly ObjectLiteral[] | undefined;
  let isReselect = false;
  return Object.assign(builder, {
    where: (...args: Parameters<typeof where>) => {
      if (Array.isArray(args[0])) ids = args[0];
      return where.apply(builder, args);
    },
    setOption: (...args: Parameters<typeof setOption>) => {
      isReselect ||= args[0] === RESELECT;
      return setOption.apply(builder, args);
    },
    getMany: async () => {
      const rows = await getMany.call(builder);
      const metadata = builder.expressionMap.mainAlias?.metadata;
      return isReselect && ids && metadata ? inOrderOf(ids, rows, metadata) : rows;
    },
  });
}

/** A row that was not found is answered by an empty one: nothing is read back then, but nothing is mixed up. */
function inOrderOf<E extends ObjectLiteral>(ids: readonly ObjectLiteral[], rows: readonly E[], metadata: EntityMetadata): E[] {
  const byId = new Map(rows.map((row) => [idText(metadata, row), row]));
  return ids.map((id) => byId.get(idText(metadata, id)) ?? ({} as E));
}

/** Drivers give back some ids in another type, bigints as strings for example, so they are compared as texts. */
function idText(metadata: EntityMetadata, entity: ObjectLiteral): string {
  return JSON.stringify(metadata.primaryColumns.map((column) => asText(column.getEntityValue(entity, true))));
}

function asText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}
