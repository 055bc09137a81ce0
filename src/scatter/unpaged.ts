import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

type Builder = SelectQueryBuilder<ObjectLiteral>;

/** Which rows of the merged list a builder wants. */
export interface PageBounds {
  readonly skip: number;
  /** Undefined for all. */
  readonly take: number | undefined;
}

/** The page that a builder asks for. Without joins `offset` and `limit` mean the same as `skip` and `take`, and win over them. */
export function pageOf(builder: Builder): PageBounds {
  const { skip, take, offset, limit, joinAttributes } = builder.expressionMap;
  const isRaw = joinAttributes.length === 0 && (isGiven(offset) || isGiven(limit));
  return { skip: (isRaw ? offset : skip) ?? 0, take: (isRaw ? limit : take) ?? undefined };
}

/** The page that a builder's raw rows are cut to: `offset` and `limit`, or what stands for them when nothing is joined. */
export function rawPageOf(builder: Builder): PageBounds {
  const { offset, limit, joinAttributes } = builder.expressionMap;
  return joinAttributes.length === 0 ? pageOf(builder) : { skip: offset ?? 0, take: limit ?? undefined };
}

/** Whether a builder's `limit` or `offset` counts joined rows rather than entities. */
export function limitsJoinedRows(builder: Builder): boolean {
  const { offset, limit, joinAttributes } = builder.expressionMap;
  return joinAttributes.length > 0 && (isGiven(offset) || isGiven(limit));
}

/** Takes a builder's page away. */
export function unpaged(builder: Builder): Builder {
  return builder.skip(undefined).take(undefined).offset(undefined).limit(undefined);
}

function isGiven(value: number | null | undefined): boolean {
  return value !== undefined && value !== null;
}
