import type { EntityManager, EntityMetadata } from 'typeorm';
import type { TableFacts } from './facts';

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly charset: string | null;
  readonly collation: string | null;
  readonly maxSortBytes: string | number;
}

const COLUMNS = `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation,
  @@max_sort_length AS maxSortBytes FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?`;

/** Collations that compare code points and nothing else; those without `nopad` ignore trailing blanks. */
const BYTEWISE = /^(binary|utf8mb[34]_nopad_bin|utf8mb4_0900_bin)$/;

/** Reads the columns of a table of MySQL or MariaDB. */
export async function mysqlColumns(manager: EntityManager, metadata: EntityMetadata): Promise<TableFacts> {
  const rows: readonly ColumnRow[] = await manager.query(COLUMNS, [metadata.database ?? null, metadata.tableName]);
  return new Map(
    rows.map(({ name, type, charset, collation, maxSortBytes }) => {
      const isEnum = /^(enum|set)\(/i.test(type);
      const isText = collation !== null && !isEnum;
      const isLong = isText || /blob|binary/i.test(type);
      return [
        name,
        {
          type: isEnum ? type : type.toLowerCase(),
          isEnum,
          ...(isText && { collation, charset: charset ?? 'binary', isBytewise: BYTEWISE.test(collation) }),
          ...(isLong && { maxSortBytes: Number(maxSortBytes) }),
          signature: isEnum ? type : isText ? `${charset} ${collation}` : type.replace(/\(.*\)/, ''),
        },
      ];
    }),
  );
}
