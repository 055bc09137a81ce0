import { type SelectionKind, selectionKind } from '../../query';
import { type Built, conditionOf } from './built';
import type { AnyBuilder } from './recording';

/** What a select builder needs of the rows, as far as it matters for several shards. */
export interface Selection {
  /** Whether the answer is made of groups, aggregates or distinct rows. */
  readonly isGrouped: boolean;
  /** What selected value is made of several rows, so that no entity has it, by name; undefined when none is. */
  readonly gathered?: string;
  /** Whether it is one row even of no rows. */
  readonly isOneRow: boolean;
  /** What no merge of several databases can answer; undefined when nothing. */
  readonly unsupported?: string;
}

/** Reads what a select builder selects and by what it groups. */
export function selectionOf(mirror: AnyBuilder): Selection {
  const { expressionMap } = mirror;
  const kinds = expressionMap.selects.map(({ selection }) => kindOf(mirror, selection));
  const hasAggregate = kinds.some(({ isAggregate }) => isAggregate);
  const isDistinct = kinds.some((kind) => kind.isDistinct);
  const hasGroups = expressionMap.groupBys.length > 0;
  const hasHaving = expressionMap.havings.length > 0;
  const gathered = hasAggregate ? 'an aggregate' : isDistinct ? 'DISTINCT in a selection' : undefined;
  const unsupported = kinds.find((kind) => kind.unsupported !== undefined)?.unsupported ?? looseHaving(mirror, hasAggregate || hasGroups);
  return {
    isGrouped: hasGroups || hasHaving || hasAggregate || isDistinct || expressionMap.selectDistinct,
    isOneRow: (hasAggregate || hasHaving) && !hasGroups,
    ...(gathered !== undefined && { gathered }),
    ...(unsupported !== undefined && { unsupported }),
  };
}

/** Without groups and aggregates some databases take HAVING for a condition on each row, and some for one on all of them. */
function looseHaving(mirror: AnyBuilder, isGrouped: boolean): string | undefined {
  const texts = havings(mirror);
  if (isGrouped || texts.length === 0 || texts.some((text) => selectionKind(text).isAggregate)) return undefined;
  return 'HAVING without GROUP BY or an aggregate';
}

function kindOf({ expressionMap }: AnyBuilder, selection: string): SelectionKind {
  const isAlias = expressionMap.aliases.some(({ name }) => name === selection);
  return isAlias ? { isAggregate: false } : selectionKind(selection);
}

/** What of a select builder needs one connection or one database, whatever is selected; undefined when nothing. */
export function selectFeature(built: Built): string | undefined {
  const { expressionMap: map } = built.mirror;
  if (map.lockMode !== undefined) return 'a lock';
  if (map.selectDistinctOn.length > 0) return 'DISTINCT ON';
  if (map.aliases.some(({ subQuery }) => subQuery !== undefined)) return 'a sub-query';
  if (new Set(map.aliases.filter(({ type }) => type === 'from').map(({ name }) => name)).size > 1) return 'a second FROM';
  return conditionFeature(built);
}

/** What of a builder's conditions looks at rows besides its own; undefined when nothing. */
export function conditionFeature(built: Built): string | undefined {
  const { expressionMap: map } = built.mirror;
  if (map.commonTableExpressions.length > 0) return 'a common table expression';
  const texts = [conditionOf(built.mirror).text, ...map.joinAttributes.map(({ condition }) => condition ?? ''), ...havings(built.mirror)];
  return texts.some((text) => readsOtherRows(built, text)) ? 'a sub-query' : undefined;
}

function havings({ expressionMap }: AnyBuilder): readonly string[] {
  return expressionMap.havings.map(({ condition }) => String(condition));
}

/** Every shard has all of a reference table, so a sub-query on one is the same everywhere. */
function readsOtherRows(built: Built, text: string): boolean {
  const bare = text.replaceAll(/'[^']*'/g, "''");
  const queries = [...bare.matchAll(/\bselect\b/gi)].length;
  if (queries === 0) return false;
  const tables = [...bare.matchAll(/\b(?:from|join)\s+([^\s(),]+|\()/gi)].map(([, table]) => String(table).replaceAll(/["`]/g, ''));
  // A comma joins a further table without a word to find it by.
  const isSimple = tables.length >= queries && !/\bfrom\b[^()]*,/i.test(bare);
  return !isSimple || !tables.every((table) => isReference(built, table));
}

function isReference({ router }: Built, table: string): boolean {
  return [...router.core.model.entities].some(([metadata, { kind }]) => metadata.tablePath === table && kind === 'reference');
}
