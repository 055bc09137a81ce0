import type { ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import { LeavingRelationError } from '../../errors';
import { append } from '../../query';
import type { CallRouter } from '../call-router';
import { type Find, findRelated } from './find-related';
import { linkColumns, readLinks, referenced } from './links';
import { removeProperty } from './nested-property';
import { type Branch, ownerColumns, type RelationPlan } from './relation-plan';
import { valuesOf } from './stored-values';
import { shownValue, textOf } from './value-text';

/** As many parameters as every database takes in one statement, with some to spare. */
const ORDERED_AT_ONCE = 20_000;

/** The related rows of each entity that has any. */
type Related = ReadonlyMap<ObjectLiteral, readonly ObjectLiteral[]>;

/** Loads relations that leave their group: one find for all entities that have the relation, by the keys at hand. */
export class RelatedLoader {
  /** @param find - must not be bound to one shard, since the rows may be on any. */
  constructor(
    readonly router: CallRouter,
    readonly find: Find,
  ) {}

  /** Loads what a plan has taken out of a find, and puts it on the entities that were found. */
  async attach(plan: RelationPlan, found: readonly ObjectLiteral[]): Promise<void> {
    const loads = plan.branches.map((branch) => () => this.#branch(branch, found));
    loads.push(...plan.ids.map((relation) => () => this.#ids(relation, found, plan)));
    // One connection, as a transaction has, takes one statement after another.
    if (this.router.access.pinned) for (const load of loads) await load();
    else await Promise.all(loads.map((load) => load()));
    for (const { path, hidden } of plan.branches) {
      if (hidden.length > 0) for (const owner of ownersOf(found, path)) for (const property of hidden) removeProperty(owner, property);
    }
  }

  /** The related rows of entities, in the order of the options or of their primary keys. */
  async related(relation: RelationMetadata, owners: readonly ObjectLiteral[], options: Branch['options']): Promise<Related> {
    const { metadata, texts, values } = await this.#owners(relation, owners);
    if (values.size === 0) return new Map();
    if (relation.isManyToMany) return this.#linked(relation, { texts, values }, options);
    const columns = relation.isWithJoinColumn ? referenced(relation.joinColumns) : (relation.inverseRelation?.joinColumns ?? []);
    const found = await findRelated(this.router, this.find, { metadata, columns, values, options });
    const byText = new Map<string, ObjectLiteral[]>();
    for (const { text, entity } of found) append(byText, text, entity);
    return new Map([...texts].map(([owner, text]) => [owner, byText.get(text) ?? []]));
  }

  async #owners(relation: RelationMetadata, owners: readonly ObjectLiteral[]) {
    const columns = ownerColumns(relation);
    const stored = await valuesOf(this.router, relation.entityMetadata, columns, owners);
    const texts = new Map<ObjectLiteral, string>();
    const values = new Map<string, readonly unknown[]>();
    for (const [owner, each] of stored) {
      const text = textOf(each);
      if (text === undefined) continue;
      texts.set(owner, text);
      values.set(text, each);
    }
    return { metadata: relation.inverseEntityMetadata, texts, values };
  }

  async #linked(
    relation: RelationMetadata,
    owners: { readonly texts: ReadonlyMap<ObjectLiteral, string>; readonly values: ReadonlyMap<string, readonly unknown[]> },
    options: Branch['options'],
  ): Promise<Related> {
    const links = await readLinks(this.router, relation, owners.values);
    const columns = referenced(linkColumns(relation).far);
    const values = new Map(links.map(({ far, farValues }) => [far, farValues]));
    const isOrdered = Object.keys(options.order ?? {}).length > 0;
    // Rows that several finds give have no order among each other.
    if (isOrdered && values.size > ORDERED_AT_ONCE) {
      throw new LeavingRelationError(relation.entityMetadata.name, relation.propertyPath, 'find', 'order');
    }
    const wanted = { metadata: relation.inverseEntityMetadata, columns, values, options, ...(isOrdered && { atOnce: ORDERED_AT_ONCE }) };
    const found = values.size === 0 ? [] : await findRelated(this.router, this.find, wanted);
    const linked = new Map<string, Set<string>>();
    for (const { near, far } of links) linked.set(near, (linked.get(near) ?? new Set()).add(far));
    const places = new Map(found.map(({ text }, place) => [text, place]));
    const inOrder = (text: string) =>
      [...(linked.get(text) ?? [])]
        .flatMap((far) => places.get(far) ?? [])
        .sort((a, b) => a - b)
        .map((place) => found[place]?.entity as ObjectLiteral);
    return new Map([...owners.texts].map(([owner, text]) => [owner, inOrder(text)]));
  }

  async #branch({ path, relation, options }: Branch, found: readonly ObjectLiteral[]): Promise<void> {
    const owners = ownersOf(found, path).filter((owner) => hasRelation(relation, owner));
    if (owners.length === 0) return;
    const related = await this.related(relation, owners, options);
    const isList = relation.isOneToMany || relation.isManyToMany;
    for (const owner of owners) {
      const rows = related.get(owner) ?? [];
      setRelated(relation, owner, isList ? [...rows] : (rows[0] ?? null));
      if (!relation.isWithJoinColumn) this.router.core.related.remember(relation, owner, rows);
    }
  }

  async #ids(relation: RelationMetadata, found: readonly ObjectLiteral[], { options }: RelationPlan): Promise<void> {
    const { texts, values } = await this.#owners(relation, found);
    const links = values.size === 0 ? [] : await readLinks(this.router, relation, values);
    const isMap = typeof options.loadRelationIds === 'object' && options.loadRelationIds.disableMixedMap === true;
    const columns = referenced(linkColumns(relation).far);
    const idOf = (row: readonly unknown[]) =>
      columns.length === 1 && !isMap
        ? shownValue(columns[0] as ColumnMetadata, row[0])
        : (Object.assign({}, ...columns.map((column, index) => column.createValueMap(shownValue(column, row[index])))) as ObjectLiteral);
    const byNear = new Map<string | undefined, (typeof links)[number][]>();
    for (const link of links) append(byNear, link.near, link);
    for (const owner of found) {
      const own = byNear.get(texts.get(owner)) ?? [];
      own.sort((a, b) => (a.far < b.far ? -1 : 1));
      setRelated(
        relation,
        owner,
        own.map(({ farValues }) => idOf(farValues)),
      );
    }
  }
}

/** The entities under a path of relations, each once. */
function ownersOf(found: readonly ObjectLiteral[], path: readonly RelationMetadata[]): readonly ObjectLiteral[] {
  let owners: readonly ObjectLiteral[] = found;
  for (const relation of path) {
    owners = owners
      .flatMap((owner) => [relation.getEntityValue(owner) as ObjectLiteral | ObjectLiteral[] | null | undefined].flat())
      .filter(isEntity);
  }
  return [...new Set(owners)];
}

function isEntity(value: unknown): value is ObjectLiteral {
  return typeof value === 'object' && value !== null;
}

/** In one table for several classes, a row has the relations of its own class only. */
function hasRelation(relation: RelationMetadata, owner: ObjectLiteral): boolean {
  return relation.entityMetadata.findInheritanceMetadata(owner).findRelationWithPropertyPath(relation.propertyPath) !== undefined;
}

/** Not by TypeORM's `setEntityValue` alone, which merges into an object that is there. */
function setRelated(relation: RelationMetadata, owner: ObjectLiteral, value: unknown): void {
  if (relation.embeddedMetadata) relation.setEntityValue(owner, value);
  else owner[relation.isLazy ? `__${relation.propertyName}__` : relation.propertyName] = value;
}
