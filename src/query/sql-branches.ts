import type { KeyColumn } from '../metadata';
import { ANY, type Domain, intersect, isEmpty, unite } from './domain';
import type { SqlNode } from './sql-tree';

/** What one conjunction allows each column of the key to be. */
export type Branch = readonly Domain[];

/** Above this many branches they are put together, which proves less but stays cheap. */
const MAX_BRANCHES = 500;

/** Reads one comparison: what it allows each column of the key to be. */
export type LeafReader = (leaf: SqlNode) => Branch;

/** Finds the branches of a condition, of which any one must hold. */
export function branchesOf(tree: SqlNode, key: readonly KeyColumn[], read: LeafReader): readonly Branch[] {
  const alternatives = alternativesOf(tree);
  return bounded(
    alternatives.flatMap((conjuncts) => conjunction(conjuncts, key, read)),
    key,
  );
}

/** The conditions that must all hold. @returns undefined when there is another way. */
export function conjunctsOf(tree: SqlNode): readonly SqlNode[] | undefined {
  const [only, other] = alternativesOf(tree);
  return other ? undefined : only?.flatMap((conjunct) => (isJoint(conjunct) ? (conjunctsOf(conjunct) ?? []) : [conjunct]));
}

function conjunction(conjuncts: readonly SqlNode[], key: readonly KeyColumn[], read: LeafReader): readonly Branch[] {
  let branches: readonly Branch[] = [key.map(() => ANY)];
  for (const conjunct of conjuncts) {
    const further = isJoint(conjunct) ? branchesOf(conjunct, key, read) : [read(conjunct)];
    const [left, right] =
      branches.length * further.length > MAX_BRANCHES ? [collapsed(branches, key), collapsed(further, key)] : [branches, further];
    branches = left.flatMap((branch) => right.map((each) => both(branch, each, key)));
  }
  return branches.filter((branch) => !branch.some(isEmpty));
}

function both(a: Branch, b: Branch, key: readonly KeyColumn[]): Branch {
  return key.map((column, index) => intersect(a[index] as Domain, b[index] as Domain, column.part));
}

function bounded(branches: readonly Branch[], key: readonly KeyColumn[]): readonly Branch[] {
  return branches.length > MAX_BRANCHES ? collapsed(branches, key) : branches;
}

function collapsed(branches: readonly Branch[], key: readonly KeyColumn[]): readonly Branch[] {
  const [first, ...others] = branches;
  if (!first) return [];
  return [key.map((_, index) => others.reduce((domain, branch) => unite(domain, branch[index] as Domain), first[index] as Domain))];
}

/**
 * The conjunctions of a tree. The parser joins AND and OR from left to right whatever their rank, so the chain without parentheses is
 * laid flat and joined again by rank.
 */
function alternativesOf(tree: SqlNode): readonly (readonly SqlNode[])[] {
  const alternatives: SqlNode[][] = [[]];
  const chain = isJoint(tree) ? chainOf(tree) : [{ operator: 'AND', operand: tree }];
  for (const { operator, operand } of chain) {
    if (operator === 'OR') alternatives.push([operand]);
    else alternatives.at(-1)?.push(operand);
  }
  return alternatives;
}

interface Link {
  /** What stands before the operand. */
  readonly operator: string;
  readonly operand: SqlNode;
}

function chainOf(tree: SqlNode): readonly Link[] {
  const links: Link[] = [];
  const lay = (node: SqlNode, operator: string, isRoot: boolean): void => {
    if (!isJoint(node) || (node.parentheses && !isRoot)) {
      links.push({ operator, operand: node });
      return;
    }
    lay(node.left as SqlNode, operator, false);
    lay(node.right as SqlNode, operatorOf(node), false);
  };
  lay(tree, 'AND', true);
  return links;
}

function isJoint(node: SqlNode): boolean {
  return node.type === 'binary_expr' && ['AND', 'OR'].includes(operatorOf(node)) && !!node.left && !!node.right;
}

function operatorOf(node: SqlNode): string {
  return String(node.operator).toUpperCase();
}
