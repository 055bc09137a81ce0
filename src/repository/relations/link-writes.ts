import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import type { ClusterCore, ShardDataSource } from '../../cluster';
import { LeavingRelationError } from '../../errors';
import { linkColumns, referenced, selectLinks, whereTuples } from './links';
import { chunksOf } from './stored-values';
import { textOf } from './value-text';

/** How many links one statement names: SQLite takes each as one more level of its expression. */
const LINKS_AT_ONCE = 250;

/** What a save or remove does to the links of one entity over a relation that leaves its group. */
export interface LinkWrite {
  readonly relation: RelationMetadata;
  readonly entity: ObjectLiteral;
  /** The rows that it shall be linked with. */
  readonly rows: readonly ObjectLiteral[];
}

/**
 * Finds what saving or removing an entity means for its relations that leave the group. TypeORM itself writes their join columns;
 * links that are stored beside the entity are written by the library, and everything else lies on other shards.
 *
 * @throws {LeavingRelationError} when related rows of other shards would have to be changed.
 */
export function linkWrites(
  core: ClusterCore,
  operation: string,
  target: EntityTarget<ObjectLiteral>,
  entity: ObjectLiteral,
): readonly LinkWrite[] {
  const { metadata } = core.shardingOf(target);
  if (!core.model.leaving.canReach(metadata) || (operation !== 'save' && operation !== 'remove')) return [];
  const finder = new LinkFinder(core, operation);
  finder.visit(target, entity);
  return finder.writes;
}

class LinkFinder {
  readonly writes: LinkWrite[] = [];
  readonly #seen = new Set<ObjectLiteral>();

  constructor(
    readonly core: ClusterCore,
    readonly operation: 'save' | 'remove',
  ) {}

  visit(target: EntityTarget<ObjectLiteral>, entity: ObjectLiteral): void {
    if (this.#seen.has(entity)) return;
    this.#seen.add(entity);
    const { leaving } = this.core.model;
    for (const relation of this.core.shardingOf(target).metadata.findInheritanceMetadata(entity).relations) {
      if (!leaving.has(relation)) this.#cascade(relation, entity);
      else if (!relation.isWithJoinColumn && relation.persistenceEnabled) this.#leave(relation, entity, leaving.holdsLinks(relation));
    }
  }

  #cascade(relation: RelationMetadata, entity: ObjectLiteral): void {
    const cascades = this.operation === 'save' ? relation.isCascadeInsert || relation.isCascadeUpdate : relation.isCascadeRemove;
    if (!cascades) return;
    for (const row of rowsOf(relation, entity) ?? []) {
      this.visit(relation.inverseEntityMetadata.findInheritanceMetadata(row).target as EntityTarget<ObjectLiteral>, row);
    }
  }

  #leave(relation: RelationMetadata, entity: ObjectLiteral, holdsLinks: boolean): void {
    if (this.operation === 'remove') {
      if (holdsLinks) this.writes.push({ relation, entity, rows: [] });
      return;
    }
    const rows = rowsOf(relation, entity);
    if (!rows) return;
    const refuse = (use: 'write' | 'link') =>
      new LeavingRelationError(relation.entityMetadata.name, relation.propertyPath, this.operation, use);
    if (!holdsLinks) {
      if (!this.core.related.isUnchanged(relation, entity, rows)) throw refuse('write');
      return;
    }
    if (rows.some((row) => farText(relation, row) === undefined)) throw refuse('link');
    // Also when they look unchanged: what was loaded or saved in a transaction may have been rolled back.
    this.writes.push({ relation, entity, rows });
  }
}

/** The rows that an entity shows for a relation; undefined when it shows nothing, or has not loaded them. */
function rowsOf(relation: RelationMetadata, entity: ObjectLiteral): readonly ObjectLiteral[] | undefined {
  const value: unknown = relation.getEntityValue(entity);
  if (value === undefined || value instanceof Promise) return undefined;
  return [value].flat().filter((row): row is ObjectLiteral => typeof row === 'object' && row !== null);
}

function valuesIn(columns: ReturnType<typeof referenced>, row: ObjectLiteral): readonly unknown[] {
  return columns.map((column) => column.getEntityValue(row, true) as unknown);
}

function farText(relation: RelationMetadata, row: ObjectLiteral): string | undefined {
  return textOf(valuesIn(referenced(linkColumns(relation).far), row));
}

/** Makes the stored links of entities those that are wanted, on the shard of the entities and in the transaction of the manager. */
export async function writeLinks(manager: EntityManager, writes: readonly LinkWrite[]): Promise<void> {
  for (const relation of new Set(writes.map((write) => write.relation))) {
    await writeRelation(
      manager,
      relation,
      writes.filter((write) => write.relation === relation),
    );
  }
}

async function writeRelation(manager: EntityManager, relation: RelationMetadata, writes: readonly LinkWrite[]): Promise<void> {
  const { near, far } = linkColumns(relation);
  const wanted = new Map<string | undefined, readonly unknown[]>();
  const owners = writes.map(({ entity }) => valuesIn(referenced(near), entity));
  for (const [index, { rows }] of writes.entries()) {
    for (const row of rows) {
      const link = [...(owners[index] ?? []), ...valuesIn(referenced(far), row)];
      wanted.set(textOf(link), link);
    }
  }
  const stored = await selectLinks(manager, relation, owners);
  const links = stored.map(({ nearValues, farValues }) => [...nearValues, ...farValues]);
  await deleteLinks(
    manager,
    relation,
    links.filter((link) => !wanted.delete(textOf(link))),
  );
  await insertLinks(manager, relation, [...wanted.values()]);
}

async function deleteLinks(manager: EntityManager, relation: RelationMetadata, links: readonly (readonly unknown[])[]): Promise<void> {
  const { near, far } = linkColumns(relation);
  for (const chunk of chunksOf(links, LINKS_AT_ONCE)) {
    const deleting = manager.createQueryBuilder().delete().from(junctionTarget(manager, relation)).callListeners(false);
    await whereTuples(deleting, manager, [...near, ...far], chunk, null).execute();
  }
}

async function insertLinks(manager: EntityManager, relation: RelationMetadata, links: readonly (readonly unknown[])[]): Promise<void> {
  const { near, far } = linkColumns(relation);
  const names = [...near, ...far].map(({ databaseName }) => databaseName);
  for (const chunk of chunksOf(links, LINKS_AT_ONCE)) {
    const rows = chunk.map((link) => Object.fromEntries(names.map((name, index) => [name, link[index]])));
    const inserting = manager.createQueryBuilder().insert().into(junctionTarget(manager, relation)).values(rows);
    await inserting.updateEntity(false).callListeners(false).execute();
  }
}

function junctionTarget(manager: EntityManager, relation: RelationMetadata): EntityTarget<ObjectLiteral> {
  return (manager.dataSource as ShardDataSource).junctionOf(relation).target as EntityTarget<ObjectLiteral>;
}
