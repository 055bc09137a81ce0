import type { ObjectLiteral, QueryRunner, SelectQueryBuilder } from 'typeorm';
import { RawSqlResultsToEntityTransformer } from 'typeorm/query-builder/transformer/RawSqlResultsToEntityTransformer';
import type { ShardHandle } from '../cluster';
import { append } from '../query';
import { EntityRow, type RowOrigin } from './entity-row';
import { readSortValues, type SortedRow, type SortValue } from './order';

type Builder = SelectQueryBuilder<ObjectLiteral>;

/** What TypeORM keeps to itself of how a builder is run. */
interface RawReading {
  readonly queryRunner?: QueryRunner;
  obtainQueryRunner(): QueryRunner;
  loadRawResults(queryRunner: QueryRunner): Promise<ObjectLiteral[]>;
}

/** A row that a whole entity can be made of, if it turns out to be wanted. */
export class WholeRow implements SortedRow {
  readonly values: readonly SortValue[];

  constructor(
    readonly builder: Builder,
    readonly origin: RowOrigin,
    readonly raw: ObjectLiteral,
  ) {
    this.values = readSortValues(origin.plan, raw, origin.names);
  }

  get shard(): ShardHandle {
    return this.origin.shard;
  }
}

/** Reads the rows that TypeORM would make entities of. Each must be complete: nothing joined to many, no relation loaded by itself. */
export async function readWholeRows(builder: Builder): Promise<ObjectLiteral[]> {
  const reading = builder as unknown as RawReading;
  builder.expressionMap.queryEntity = true;
  const runner = reading.obtainQueryRunner();
  try {
    return await reading.loadRawResults(runner);
  } finally {
    if (runner !== reading.queryRunner) await runner.release();
  }
}

/**
 * Makes the entities of rows, as TypeORM does, and tells listeners and subscribers of them: of these alone, and not of rows that were
 * read in vain.
 */
export async function makeEntities(rows: readonly WholeRow[]): Promise<readonly EntityRow[]> {
  const byBuilder = new Map<Builder, WholeRow[]>();
  for (const row of rows) append(byBuilder, row.builder, row);
  const made = new Map<WholeRow, EntityRow>();
  for (const [builder, own] of byBuilder) {
    const entities = await entitiesOf(builder, own);
    for (const [index, row] of own.entries()) {
      made.set(row, new EntityRow(row.origin, entities[index] as ObjectLiteral, [row.raw]).at(row.values));
    }
  }
  return rows.map((row) => made.get(row) as EntityRow);
}

async function entitiesOf(builder: Builder, rows: readonly WholeRow[]): Promise<readonly ObjectLiteral[]> {
  const { expressionMap, dataSource } = builder;
  const { mainAlias } = expressionMap;
  if (!mainAlias?.hasMetadata) throw new TypeError('The builder selects from no entity.');
  const { queryRunner } = builder as unknown as RawReading;
  const transformer = new RawSqlResultsToEntityTransformer(expressionMap, dataSource.driver, [], queryRunner);
  const entities: ObjectLiteral[] = rows.flatMap(({ raw }) => transformer.transform([raw], mainAlias));
  if (!expressionMap.callListeners) return entities;
  // It takes no connection before it runs a statement.
  const runner = queryRunner ?? dataSource.createQueryRunner();
  try {
    await runner.broadcaster.broadcast('Load', mainAlias.metadata, entities);
    return entities;
  } finally {
    if (runner !== queryRunner) await runner.release();
  }
}
