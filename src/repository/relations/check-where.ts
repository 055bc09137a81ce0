import { And, type EntityMetadata, Equal, type FindOperator, InstanceChecker, type ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import { LeavingRelationError } from '../../errors';
import type { LeavingRelations } from '../../metadata';

type Where = ObjectLiteral | readonly ObjectLiteral[];

/** What options are checked for. */
export interface PlanContext {
  readonly leaving: LeavingRelations;
  readonly operation: string;
  /** Whether deleted rows count as related. */
  readonly withDeleted: boolean;
}

/**
 * Turns conditions on leaving relations that compare nothing but the join column, `{ product: { id: 5 } }`, into conditions on that
 * column: TypeORM would join the related table for them. What holds no such condition is given back as it is.
 *
 * @throws {LeavingRelationError} for every other condition on a leaving relation.
 */
export function checkWhere(where: Where, metadata: EntityMetadata, context: PlanContext): Where {
  if (Array.isArray(where)) {
    const checked = where.map((branch) => checkBranch(branch, metadata, context));
    return checked.every((branch, index) => branch === where[index]) ? where : checked;
  }
  return checkBranch(where as ObjectLiteral, metadata, context);
}

function checkBranch(where: ObjectLiteral, metadata: EntityMetadata, context: PlanContext, prefix = ''): ObjectLiteral {
  let copy: ObjectLiteral | undefined;
  for (const [name, condition] of Object.entries(where)) {
    const replaced = checkCondition({ name, path: prefix + name, condition }, metadata, context);
    if (replaced === condition) continue;
    copy ??= { ...where };
    delete copy[name];
    for (const [column, value] of Object.entries(replaced as ObjectLiteral))
      copy[column] = column in copy ? both(copy[column], value) : value;
  }
  return copy ?? where;
}

function both(first: unknown, second: unknown): unknown {
  return And(...[first, second].map((value) => (InstanceChecker.isFindOperator(value) ? (value as FindOperator<unknown>) : Equal(value))));
}

interface Condition {
  readonly name: string;
  readonly path: string;
  readonly condition: unknown;
}

/** The condition itself when it may stay, or the properties that take its place. */
function checkCondition(at: Condition, metadata: EntityMetadata, context: PlanContext): unknown {
  const { name, path, condition } = at;
  if (condition === undefined || condition === null || metadata.findColumnWithPropertyPathStrict(path)) return condition;
  const relation = metadata.findRelationWithPropertyPath(path);
  if (relation && context.leaving.has(relation)) return checkLeaving(relation, at, context);
  if (!isTree(condition)) return condition;
  const inner = relation
    ? checkWhere(condition, relation.inverseEntityMetadata, context)
    : checkBranch(condition, metadata, context, `${path}.`);
  return inner === condition ? condition : { [name]: inner };
}

const COMPARES_COUNTS = ['moreThan', 'moreThanOrEqual', 'lessThan', 'lessThanOrEqual'];

function checkLeaving(relation: RelationMetadata, { name, condition }: Condition, context: PlanContext): unknown {
  const refuse = () => new LeavingRelationError(relation.entityMetadata.name, relation.propertyPath, context.operation, 'condition');
  if (InstanceChecker.isFindOperator(condition)) {
    // TypeORM compares the join column itself then, without a join; of other relations it counts the rows.
    if (relation.isWithJoinColumn && !COMPARES_COUNTS.includes(condition.type)) return condition;
    throw refuse();
  }
  if (!isTree(condition)) throw refuse();
  const given = Object.entries(condition).filter(([, value]) => value !== undefined);
  if (given.length === 0) return condition;
  const compared = given.map(([property, value]) => joinCondition(relation, { property, value, name }, context));
  if (compared.includes(undefined)) throw refuse();
  return Object.assign({}, ...compared);
}

/** The condition on the join column that means the same as one on the column it refers to, if there is one. */
function joinCondition(
  relation: RelationMetadata,
  { property, value, name }: { readonly property: string; readonly value: unknown; readonly name: string },
  { withDeleted }: PlanContext,
): ObjectLiteral | undefined {
  const column = relation.joinColumns.find(({ referencedColumn }) => referencedColumn?.propertyPath === property);
  // A join would not find a row that is marked as deleted, which the join column cannot tell.
  const hidesRows = relation.inverseEntityMetadata.deleteDateColumn && !withDeleted;
  if (!column || !relation.isWithJoinColumn || hidesRows || value === null || hasTransformer(column) || relation.embeddedMetadata) {
    return undefined;
  }
  if (!column.isVirtual && !column.embeddedMetadata) return { [column.propertyName]: value };
  if (relation.joinColumns.length > 1) return undefined;
  return { [name]: InstanceChecker.isFindOperator(value) ? value : Equal(value) };
}

function hasTransformer(column: ColumnMetadata): boolean {
  return column.transformer !== undefined || column.referencedColumn?.transformer !== undefined;
}

function isTree(condition: unknown): condition is ObjectLiteral {
  return typeof condition === 'object' && condition !== null && !InstanceChecker.isFindOperator(condition) && !(condition instanceof Date);
}
