import type { EntityMetadata, FindManyOptions, ObjectLiteral } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import { LeavingRelationError } from '../../errors';
import type { LeavingRelations } from '../../metadata';
import { checkWhere } from './check-where';
import { hasProperty, withProperty } from './nested-property';
import { withoutLeavingIds } from './relation-ids';

type Options = FindManyOptions<ObjectLiteral>;

/** One leaving relation that a find asks for. */
export interface Branch {
  /** The colocated relations that lead from what is found to the entities that have the relation. */
  readonly path: readonly RelationMetadata[];
  readonly relation: RelationMetadata;
  /** How its rows are to be found: what the find says below the relation. */
  readonly options: Options;
  /** Properties that were selected only to find the rows, and are taken off the entities again. */
  readonly hidden: readonly string[];
}

/** A find without what leaves the group, and what is to be loaded afterwards. */
export interface RelationPlan {
  readonly options: Options;
  readonly branches: readonly Branch[];
  /** Many-to-many relations whose ids are asked for and stand in the links beside the entity. */
  readonly ids: readonly RelationMetadata[];
}

/**
 * Takes the relations that leave their group out of find options.
 *
 * @throws {LeavingRelationError} for conditions, orders and ids that need the related rows beside the entity.
 */
export function planRelations(metadata: EntityMetadata, options: Options, leaving: LeavingRelations, operation: string): RelationPlan {
  const planner = new Planner(options, leaving, operation);
  const tree = planner.visit({ metadata, path: [], prefix: '', ...treeOf(options) }, new Set());
  const { where, loadRelationIds } = options;
  const context = { leaving, operation, withDeleted: options.withDeleted === true };
  const ids = loadRelationIds ? withoutLeavingIds(loadRelationIds, metadata, context) : undefined;
  return {
    branches: planner.branches,
    ids: ids?.links ?? [],
    options: {
      ...options,
      ...tree,
      ...(where && { where: checkWhere(where, metadata, context) as ObjectLiteral }),
      ...(ids && { loadRelationIds: ids.option }),
    },
  };
}

interface Tree {
  readonly relations?: ObjectLiteral;
  readonly select?: ObjectLiteral;
  readonly order?: ObjectLiteral;
}

interface Place extends Tree {
  readonly metadata: EntityMetadata;
  readonly path: readonly RelationMetadata[];
  /** Path of the embedded object that the trees are of, with a dot after it. */
  readonly prefix: string;
}

function treeOf({ relations, select, order }: Tree): Tree {
  return { ...(isTree(relations) && { relations }), ...(isTree(select) && { select }), ...(isTree(order) && { order }) };
}

class Planner {
  readonly branches: Branch[] = [];

  constructor(
    readonly options: Options,
    readonly leaving: LeavingRelations,
    readonly operation: string,
  ) {}

  /** The trees of one entity without what leaves; what leaves becomes a branch. */
  visit(place: Place, eagerFrom: ReadonlySet<EntityMetadata>): Tree {
    const { metadata, prefix } = place;
    const eager = this.options.loadEagerRelations !== false && prefix === '' && !eagerFrom.has(metadata) ? metadata.eagerRelations : [];
    let tree = treeOf(place);
    for (const name of new Set([...Object.keys(place.relations ?? {}), ...eager.map(({ propertyPath }) => propertyPath)])) {
      tree = this.#relation(name, place, tree, new Set([...eagerFrom, ...(eager.length > 0 ? [metadata] : [])]));
    }
    return this.#order(place, this.#unselect(place, tree));
  }

  #relation(name: string, place: Place, tree: Tree, eagerFrom: ReadonlySet<EntityMetadata>): Tree {
    const { metadata, path, prefix } = place;
    const asked = propertyAt(place.relations, name);
    const relation = metadata.findRelationWithPropertyPath(prefix + name);
    const isWanted = asked === true || isTree(asked) || (relation?.isEager === true && this.options.loadEagerRelations !== false);
    if (!relation) {
      const inner = { metadata, path, prefix: `${prefix}${name}.`, ...childTrees(place, name) };
      return isWanted && metadata.findEmbeddedWithPropertyPath(prefix + name) ? replaced(tree, name, this.visit(inner, eagerFrom)) : tree;
    }
    if (!this.leaving.has(relation)) {
      if (!isWanted) return tree;
      const inner = { metadata: relation.inverseEntityMetadata, path: [...path, relation], prefix: '', ...childTrees(place, name) };
      return replaced(tree, name, this.visit(inner, eagerFrom));
    }
    const kept = { ...tree, ...(tree.relations && { relations: without(tree.relations, name) }) };
    return isWanted && !this.#has(relation, path) ? this.#leave(relation, name, place, kept) : kept;
  }

  #leave(relation: RelationMetadata, name: string, place: Place, tree: Tree): Tree {
    const { path, prefix, select: asked } = place;
    const needed = asked ? neededPaths(relation, prefix).filter((needs) => !hasProperty(asked, needs)) : [];
    this.branches.push({ path, relation, options: this.#below(place, relation, name), hidden: needed.map((needs) => prefix + needs) });
    const select = needed.reduce<ObjectLiteral | undefined>((all, needs) => all && withProperty(all, needs, true), tree.select);
    return { ...tree, ...(select && { select }) };
  }

  #has(relation: RelationMetadata, path: readonly RelationMetadata[]): boolean {
    return this.branches.some((branch) => branch.relation === relation && branch.path.every((each, index) => each === path[index]));
  }

  #below(place: Place, relation: RelationMetadata, name: string): Options {
    const { withDeleted, loadEagerRelations, relationLoadStrategy, comment } = this.options;
    const trees = childTrees(place, name);
    const order = relation.isOneToMany || relation.isManyToMany ? trees.order : undefined;
    return {
      ...(trees.relations && { relations: trees.relations }),
      ...(trees.select && { select: trees.select }),
      ...(order && { order }),
      ...(withDeleted !== undefined && { withDeleted }),
      ...(loadEagerRelations !== undefined && { loadEagerRelations }),
      ...(relationLoadStrategy !== undefined && { relationLoadStrategy }),
      ...(comment !== undefined && { comment }),
    };
  }

  /** What is selected of leaving relations is selected by their own find. */
  #unselect({ metadata, prefix }: Place, tree: Tree): Tree {
    const { select } = tree;
    if (!select) return tree;
    const left = Object.keys(select).filter((name) => this.leaving.find(metadata, prefix + name));
    return { ...tree, select: left.reduce(without, select) };
  }

  /** An order inside a list that is loaded applies to each list; to order the entities themselves needs a join. */
  #order(place: Place, tree: Tree): Tree {
    const { order } = tree;
    if (!order) return tree;
    let kept = order;
    for (const [index, name] of Object.keys(order).entries()) {
      const relation = order[name] && this.leaving.find(place.metadata, place.prefix + name);
      if (relation) {
        this.#checkOrder(place, relation, index);
        kept = without(kept, name);
      } else if (isTree(order[name])) this.#checkUnloaded(place, name);
    }
    return { ...tree, order: kept };
  }

  #checkOrder({ metadata, path, prefix }: Place, relation: RelationMetadata, index: number): void {
    const refuse = (use: 'order' | 'page') => new LeavingRelationError(metadata.name, relation.propertyPath, this.operation, use);
    if (!this.#has(relation, path) || !(relation.isOneToMany || relation.isManyToMany)) throw refuse('order');
    const isPaged = this.options.take !== undefined || this.options.skip !== undefined || this.operation === 'findOne';
    if (isPaged && path.length === 0 && prefix === '' && index === 0) throw refuse('page');
  }

  /** An order may lead over colocated relations that are not loaded. */
  #checkUnloaded(place: Place, name: string): void {
    if (propertyAt(place.relations, name)) return;
    const relation = place.metadata.findRelationWithPropertyPath(place.prefix + name);
    const metadata = relation?.inverseEntityMetadata ?? place.metadata;
    const order = propertyAt(place.order, name);
    if (!isTree(order) || (!relation && !place.metadata.findEmbeddedWithPropertyPath(place.prefix + name))) return;
    const inner = new Planner({ ...this.options, loadEagerRelations: false }, this.leaving, this.operation);
    inner.#order({ metadata, path: [], prefix: relation ? '' : `${place.prefix}${name}.`, order }, { order });
  }
}

/** The properties of an entity by which the rows of its relation are found; its primary key where they are no properties. */
function neededPaths(relation: RelationMetadata, prefix: string): readonly string[] {
  const columns = ownerColumns(relation);
  const shown = columns.some(({ isVirtual }) => isVirtual) ? relation.entityMetadata.primaryColumns : columns;
  return shown
    .filter(({ isVirtual, propertyPath }) => !isVirtual && propertyPath.startsWith(prefix))
    .map(({ propertyPath }) => propertyPath.slice(prefix.length));
}

/** The columns of the entity that has a relation by which the related rows, or the links to them, are found. */
export function ownerColumns(relation: RelationMetadata) {
  if (relation.isWithJoinColumn) return relation.joinColumns;
  const owner = relation.isOwning ? relation : relation.inverseRelation;
  const columns = relation.isManyToManyNotOwner ? owner?.inverseJoinColumns : owner?.joinColumns;
  return (columns ?? []).flatMap(({ referencedColumn }) => (referencedColumn ? [referencedColumn] : []));
}

function childTrees(place: Tree, name: string): Tree {
  return treeOf({
    relations: propertyAt(place.relations, name) as ObjectLiteral,
    select: propertyAt(place.select, name) as ObjectLiteral,
    order: propertyAt(place.order, name) as ObjectLiteral,
  });
}

/** Relations of embedded objects that are eager are named by their whole path. */
function propertyAt(tree: ObjectLiteral | undefined, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (isTree(at) ? at[name] : undefined), tree);
}

function replaced(tree: Tree, name: string, inner: Tree): Tree {
  const put = (outer: ObjectLiteral | undefined, value: ObjectLiteral | undefined) =>
    outer && value && isTree(outer[name]) ? { ...outer, [name]: value } : outer;
  return treeOf({
    relations: put(tree.relations, inner.relations) as ObjectLiteral,
    select: put(tree.select, inner.select) as ObjectLiteral,
    order: put(tree.order, inner.order) as ObjectLiteral,
  });
}

function without(tree: ObjectLiteral, name: string): ObjectLiteral {
  const { [name]: _, ...rest } = tree;
  return rest;
}

function isTree(value: unknown): value is ObjectLiteral {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
