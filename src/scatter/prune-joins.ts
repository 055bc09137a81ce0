import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

type Builder = SelectQueryBuilder<ObjectLiteral>;

/**
 * Takes away left joins of which nothing is used but what they would select: they neither add nor remove entities, and cost rows.
 *
 * @param used - expressions besides the builder's conditions that may name a joined alias.
 */
export function pruneJoins(builder: Builder, used: readonly string[]): void {
  const { expressionMap } = builder;
  const texts = [...used, conditionsOf(builder)];
  const isNamed = (alias: string) => texts.some((text) => text.includes(`${alias}.`) || text.includes(`${builder.escape(alias)}.`));
  const kept = new Set(expressionMap.joinAttributes.filter(({ direction, alias }) => direction === 'INNER' || isNamed(alias.name)));
  // What another join hangs on stays with it.
  for (const join of kept) {
    const parent = expressionMap.joinAttributes.find(({ alias }) => alias.name === join.parentAlias);
    if (parent) kept.add(parent);
    const condition = join.condition ?? '';
    for (const other of expressionMap.joinAttributes) if (condition.includes(`${other.alias.name}.`)) kept.add(other);
  }
  expressionMap.joinAttributes = expressionMap.joinAttributes.filter((join) => kept.has(join));
}

function conditionsOf(builder: Builder): string {
  const inner = builder as unknown as { createWhereExpression(): string };
  return inner.createWhereExpression();
}
