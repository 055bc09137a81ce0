import { ShardKeyInvalidError } from '../errors';
import type { KeyColumn, ShardedEntity } from '../metadata';
import { integerPosition, type Position, type RoutingTable } from '../routing';
import { ANY, type Domain, valuesDomain } from './domain';
import { everyShard, proofOf, type RouteProof, soleKeyOf } from './route-proof';
import { type Branch, branchesOf } from './sql-branches';
import { columnOf } from './sql-column';
import { type Binding, type ParsedCondition, parseCondition, type SqlCondition } from './sql-condition';
import type { SqlNode } from './sql-tree';

/**
 * Proves the smallest set of shards that an SQL condition can find rows on. It never guesses: what it cannot read, and every value
 * that a database might compare in another way than the key is placed by, allows anything.
 */
export function proveSql(sharding: ShardedEntity, condition: SqlCondition, table: RoutingTable): RouteProof {
  const branches = readBranches(sharding, condition);
  return branches ? proofOf(sharding, branches, table) : everyShard(sharding, table);
}

/** The canonical text of the one key that an SQL condition allows; undefined when it allows several, or when nothing is proved. */
export function soleSqlKey(sharding: ShardedEntity, condition: SqlCondition): string | undefined {
  const branches = readBranches(sharding, condition);
  return branches && soleKeyOf(sharding, branches);
}

function readBranches(sharding: ShardedEntity, condition: SqlCondition): readonly Branch[] | undefined {
  const parsed = condition.text === '' ? undefined : parseCondition(condition);
  if (!parsed) return undefined;
  const reader = new LeafReader(sharding, condition, parsed);
  return branchesOf(parsed.tree, sharding.key, (leaf) => reader.read(leaf));
}

class LeafReader {
  readonly #ordered: boolean;

  constructor(
    readonly sharding: ShardedEntity,
    readonly condition: SqlCondition,
    readonly parsed: ParsedCondition,
  ) {
    this.#ordered = sharding.group.placement.positions === 'key';
  }

  read(leaf: SqlNode): Branch {
    return this.sharding.key.map((key) => {
      try {
        return this.#domain(leaf, key);
      } catch (error) {
        // A value that cannot route may still match: the database compares more kinds of values than keys have.
        if (error instanceof ShardKeyInvalidError) return ANY;
        throw error;
      }
    });
  }

  #domain({ type, operator, left, right }: SqlNode, key: KeyColumn): Domain {
    if (type !== 'binary_expr' || !left || !right) return ANY;
    const symbol = String(operator).toUpperCase();
    if (this.#isKey(left, key)) return this.#compared(symbol, right, key);
    const turned = TURNED.get(symbol);
    return turned !== undefined && this.#isKey(right, key) ? this.#compared(turned, left, key) : ANY;
  }

  #compared(symbol: string, right: SqlNode, key: KeyColumn): Domain {
    if (symbol === '=') return valuesOr(this.#equalTo(right), key);
    if (symbol === 'IN') return valuesOr(this.#members(right), key);
    if (!this.#ordered) return ANY;
    const bounds = symbol === 'BETWEEN' ? listOf(right).map((each) => this.#one(each)) : [this.#one(right)];
    const [low, high] = bounds.map((value) => (value === NOTHING ? undefined : boundOf(value, key)));
    return stretchOf(symbol, low, high);
  }

  #isKey(node: SqlNode, key: KeyColumn): boolean {
    const column = columnOf(node, this.condition.dialect);
    if (!column || column.name !== key.databaseName) return false;
    return column.alias === undefined ? this.condition.isAlone : column.alias === this.condition.alias;
  }

  #equalTo(node: SqlNode): readonly unknown[] | undefined {
    const array = this.condition.dialect === 'postgres' ? anyArgument(node) : undefined;
    const binding = array && this.#bindingOf(array);
    if (binding?.kind === 'value' && Array.isArray(binding.value)) return binding.value;
    const value = this.#one(node);
    return value === NOTHING ? undefined : [value];
  }

  #members(node: SqlNode): readonly unknown[] | undefined {
    const members = listOf(node).flatMap((each) => {
      const binding = this.#bindingOf(each);
      return binding?.kind === 'list' ? binding.values : [this.#one(each)];
    });
    return node.type !== 'expr_list' || members.includes(NOTHING) ? undefined : members;
  }

  #one(node: SqlNode): unknown {
    const binding = this.#bindingOf(node);
    if (binding) return binding.kind === 'value' ? binding.value : NOTHING;
    return literalOf(node);
  }

  #bindingOf({ type, value, suffix }: SqlNode): Binding | undefined {
    return type === 'param' && !suffix ? this.parsed.values.get(String(value)) : undefined;
  }
}

const NOTHING = Symbol('no value that can be read');

const TURNED: ReadonlyMap<string, string> = new Map([
  ['=', '='],
  ['<', '>'],
  ['<=', '>='],
  ['>', '<'],
  ['>=', '<='],
]);

/** Of values that the database compares by another type than the key's, some equal more than one key; they prove nothing. */
function valuesOr(values: readonly unknown[] | undefined, key: KeyColumn): Domain {
  return values?.every((value) => isComparable(value, key)) ? valuesDomain(values, key.part) : ANY;
}

function isComparable(value: unknown, { part }: KeyColumn): boolean {
  if (part.type === 'integer') return ['number', 'bigint', 'string'].includes(typeof value);
  if (part.type === 'date') return value instanceof Date && !part.dayOnly;
  return typeof value === 'string';
}

function boundOf(value: unknown, key: KeyColumn): Position | undefined {
  if (!isComparable(value, key)) return undefined;
  const isFraction = typeof value === 'number' && Number.isFinite(value) && !Number.isInteger(value);
  return isFraction ? value : integerPosition(value, key.part);
}

function stretchOf(symbol: string, low: Position | undefined, high: Position | undefined): Domain {
  if (low === undefined) return ANY;
  if (symbol === 'BETWEEN') return high === undefined ? ANY : { kind: 'stretch', low, high };
  if (symbol === '>' || symbol === '>=') return { kind: 'stretch', low, high: null };
  return symbol === '<' || symbol === '<=' ? { kind: 'stretch', low: null, high: low } : ANY;
}

function literalOf({ type, value, suffix }: SqlNode): unknown {
  if (suffix) return NOTHING;
  if (type === 'number') return Number.isSafeInteger(value) ? value : NOTHING;
  if (type === 'bigint') return /^\d+$/.test(String(value)) ? String(value) : NOTHING;
  // A colon may begin what TypeORM takes for a parameter, even within a literal.
  return type === 'single_quote_string' && !/[':]/.test(String(value)) ? value : NOTHING;
}

function listOf({ type, value }: SqlNode): readonly SqlNode[] {
  return type === 'expr_list' && Array.isArray(value) ? value : [];
}

function anyArgument({ type, name, args }: SqlNode): SqlNode | undefined {
  if (type !== 'function') return undefined;
  const [part, ...more] = (name as { readonly name?: readonly { readonly value: string }[] }).name ?? [];
  const [argument, ...others] = listOf(args as SqlNode);
  return part?.value.toUpperCase() === 'ANY' && more.length === 0 && others.length === 0 ? argument : undefined;
}
