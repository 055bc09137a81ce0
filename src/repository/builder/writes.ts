import {
  type DeleteQueryBuilder,
  type DeleteResult,
  type EntityManager,
  type ObjectLiteral,
  type UpdateQueryBuilder,
  UpdateResult,
} from 'typeorm';
import type { SoftDeleteQueryBuilder } from 'typeorm/query-builder/SoftDeleteQueryBuilder';
import { ScatterUnsupportedError } from '../../errors';
import { masked } from '../../live';
import { soleSqlKey } from '../../query';
import type { CallRoute } from '../call-router';
import { refuseNewKey, runWrites, sumDeletes, sumUpdates } from '../criteria-writes';
import { type Built, conditionOf, mainSharding } from './built';
import { writeRoute } from './built-route';
import { conditionFeature } from './features';
import { replay } from './recording';

type Result = UpdateResult | DeleteResult;
type Write = UpdateQueryBuilder<ObjectLiteral> | DeleteQueryBuilder<ObjectLiteral> | SoftDeleteQueryBuilder<ObjectLiteral>;

/** Runs an update, a delete, a soft delete or a restore on the shards that its conditions prove, as criteria writes do. */
export async function executeWrite(built: Built): Promise<Result> {
  const operation = operationOf(built);
  const sharding = mainSharding(built);
  if (sharding?.kind === 'sharded') {
    refuseNewKey(sharding, valuesOf(built), () => soleSqlKey(sharding, conditionOf(built.mirror)));
  }
  const { shards, access, byEntity } = writeRoute(built, operation);
  const call = (manager: EntityManager): Promise<Result> => {
    const builder = replay(built.recording, manager) as Write;
    return (sharding ? masked(built.router.core, sharding, builder) : builder).execute();
  };
  const [only] = shards;
  if (!byEntity) return access.run(only as NonNullable<typeof only>, call);
  if (shards.length > 1) refuseUnsupported(built, byEntity, operation);
  return runWrites(built.router, operation, byEntity, { call, merge: (results) => merged(operation, results) });
}

function operationOf({ mirror }: Built): string {
  const { queryType } = mirror.expressionMap;
  return queryType === 'soft-delete' ? 'softDelete' : queryType;
}

function valuesOf({ mirror }: Built): ObjectLiteral {
  const { queryType, valuesSet } = mirror.expressionMap;
  return (queryType === 'update' && [valuesSet].flat()[0]) || {};
}

/** Copies of a reference table are written alike, whatever the write looks at. */
function refuseUnsupported(built: Built, { sharding }: CallRoute, operation: string): void {
  const { orderBys, limit } = built.mirror.expressionMap;
  const isPaged = limit !== undefined || Object.keys(orderBys).length > 0;
  if (isPaged) throw new ScatterUnsupportedError(sharding.metadata.name, operation, 'limit or orderBy');
  const feature = sharding.kind === 'sharded' ? conditionFeature(built) : undefined;
  if (feature !== undefined) throw new ScatterUnsupportedError(sharding.metadata.name, operation, feature);
}

function merged(operation: string, results: readonly Result[]): Result {
  const total = operation === 'delete' ? sumDeletes(results) : sumUpdates(results as readonly UpdateResult[]);
  // A database with RETURNING answers with rows, and so do all of them together.
  if (results.every(({ raw }) => Array.isArray(raw))) total.raw = results.flatMap(({ raw }) => raw);
  return results.length === 0 && total instanceof UpdateResult ? Object.assign(total, { raw: [] }) : total;
}
