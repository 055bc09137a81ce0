import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { DriverUtils } from 'typeorm/driver/DriverUtils';
import { append } from '../query';

/** Groups raw rows as TypeORM does when it makes entities of them: by the main entity's primary key, in order of appearance. */
export function groupByEntity(
  { dataSource, expressionMap }: SelectQueryBuilder<ObjectLiteral>,
  raw: readonly ObjectLiteral[],
): readonly (readonly ObjectLiteral[])[] {
  const { mainAlias, joinAttributes } = expressionMap;
  if (!mainAlias?.hasMetadata) throw new TypeError('The builder selects from no entity.');
  const { metadata } = mainAlias;
  const isView = metadata.tableType === 'view';
  const columns = isView ? metadata.columns : metadata.primaryColumns;
  const names = columns.map(({ databaseName }) => DriverUtils.buildAlias(dataSource.driver, undefined, mainAlias.name, databaseName));
  const isSelected = names.some((name) => name in (raw[0] ?? {}));
  // Rows of one table have keys of their own, unless a driver gives them inexactly.
  if (
    !isSelected ||
    (joinAttributes.length === 0 && !isView && metadata.primaryColumns.length === 1 && !isInexact(raw, names[0] as string))
  )
    return raw.map((row) => [row]);
  const groups = new Map<string, ObjectLiteral[]>();
  for (const row of raw) append(groups, names.map((name) => keyText(row[name])).join('_'), row);
  return [...groups.values()];
}

/** SQLite's drivers give integers beyond 2^53 as numbers, so that several become one. */
function isInexact(raw: readonly ObjectLiteral[], name: string): boolean {
  return raw.some((row) => typeof row[name] === 'number' && !Number.isSafeInteger(row[name]));
}

function keyText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
