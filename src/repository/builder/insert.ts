import { type EntityManager, type InsertQueryBuilder, InsertResult, type ObjectLiteral } from 'typeorm';
import { ScatterUnsupportedError, ShardKeyChangedError, ShardRequiredError } from '../../errors';
import { type EntitySharding, hasPositionColumn, type ShardedEntity } from '../../metadata';
import { type InsertDone, insertRows, requireKeyAmong } from '../inserts';
import { type Built, mainSharding, targetOf } from './built';
import { namedByRunner, namedRoute } from './built-route';
import { type Recording, replay } from './recording';

type Insert = InsertQueryBuilder<ObjectLiteral>;

/** Runs an insert on the shards that own its rows. The result is in the order given. */
export async function executeInsert(built: Built, done: InsertDone): Promise<InsertResult> {
  const { mirror, router, recording } = built;
  const sharding = mainSharding(built);
  if (sharding?.kind === 'sharded') refuseKeyConflicts(sharding, mirror.expressionMap.onUpdate);
  const isPlaced = sharding && !namedByRunner(built) && !mirror.expressionMap.insertFromSelect;
  if (!isPlaced) return insertAsNamed(built, sharding);
  const rows = valueSetsOf(built);
  if (rows.length === 0) return new InsertResult();
  return insertRows(router, { operation: 'insert', target: targetOf(sharding.metadata), rows, done }, (manager, _entity, each) =>
    insertOn(recording, manager).values(each).execute(),
  );
}

/** The rows of an insert. @throws {InsertValuesMissingError} (TypeORM's) when there are none. */
export function valueSetsOf({ mirror }: Built): readonly ObjectLiteral[] {
  return (mirror as unknown as { getValueSets(): ObjectLiteral[] }).getValueSets();
}

function insertAsNamed(built: Built, sharding: EntitySharding | undefined): Promise<InsertResult> {
  const isSelect = built.mirror.expressionMap.insertFromSelect !== undefined;
  const { scope } = built.router;
  if (sharding && isSelect) refuseSelectedKeys(sharding);
  if (sharding && isSelect && scope.kind !== 'shard' && !namedByRunner(built)) {
    throw new ScatterUnsupportedError(sharding.metadata.name, 'insert', 'valuesFromSelect()');
  }
  const { shards, access } = namedRoute(built, 'An insert without an entity');
  const [only] = shards;
  return access.run(only as NonNullable<typeof only>, (manager) => insertOn(built.recording, manager).execute());
}

/** The database selects the keys, so nobody knows the positions that are stored beside them. */
function refuseSelectedKeys(sharding: EntitySharding): void {
  if (!hasPositionColumn(sharding)) return;
  throw new ShardRequiredError(`valuesFromSelect() of ${sharding.metadata.name}`, 'values(…) with rows that were read before');
}

function insertOn(recording: Recording, manager: EntityManager): Insert {
  return replay(recording, manager) as Insert;
}

interface Conflict {
  readonly conflict?: string | string[];
  readonly overwrite?: string[];
  readonly columns?: string[];
}

/** A row found by a conflict keeps its key: the key must be among what conflicts are found by, and never among what is overwritten. */
function refuseKeyConflicts(sharding: ShardedEntity, conflict: Conflict | undefined): void {
  if (!conflict) return;
  const paths = sharding.key.map(({ path }) => path);
  const overwritten = [...(conflict.overwrite ?? []), ...(conflict.columns ?? [])];
  if (sharding.key.some(({ path, databaseName }) => overwritten.includes(path) || overwritten.includes(databaseName))) {
    throw new ShardKeyChangedError(sharding.metadata.name, paths);
  }
  requireKeyAmong(sharding, conflictPaths(sharding, conflict.conflict) ?? []);
}

function conflictPaths({ metadata }: ShardedEntity, conflict: string | string[] | undefined): readonly string[] | undefined {
  if (Array.isArray(conflict)) {
    return metadata.columns
      .filter(({ databaseName, propertyPath }) => conflict.includes(databaseName) || conflict.includes(propertyPath))
      .map(({ propertyPath }) => propertyPath);
  }
  // Without a target every unique index counts; the shards' own names of constraints may end with their suffix.
  const named = [...metadata.uniques, ...metadata.indices].find(({ name }) => name === conflict);
  return named?.columns.map(({ propertyPath }) => propertyPath);
}
