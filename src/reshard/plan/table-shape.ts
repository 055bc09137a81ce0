import type { QueryRunner } from 'typeorm';
import { type FenceDialect, fenceDialect } from '../../fence';
import type { ForeignKeyShape, Shapes, TableShape } from './shapes';
import { MYSQL_SHAPES } from './table-shape-mysql';
import { POSTGRES_SHAPES } from './table-shape-postgres';
import { SQLITE_SHAPES } from './table-shape-sqlite';

const SHAPES: Readonly<Record<FenceDialect, Shapes>> = { mysql: MYSQL_SHAPES, postgres: POSTGRES_SHAPES, sqlite: SQLITE_SHAPES };

/** Reads how a table is built. @param path - as TypeORM has it. */
export function tableShape(runner: QueryRunner, path: string): Promise<TableShape> {
  return SHAPES[fenceDialect(runner.dataSource)].shape(runner, path);
}

/** Reads every foreign key of a database. */
export function foreignKeys(runner: QueryRunner): Promise<readonly ForeignKeyShape[]> {
  return SHAPES[fenceDialect(runner.dataSource)].foreignKeys(runner);
}
