import { type EntityManager, type ObjectLiteral, QueryBuilder } from 'typeorm';
import { cloneOptions } from '../../query';

/** Any of TypeORM's builders. */
export type AnyBuilder = QueryBuilder<ObjectLiteral>;

/** One call of a builder's member. */
export interface RecordedCall {
  readonly member: string;
  readonly args: readonly unknown[];
}

/** What makes the same builder again for any data source: how it began, and what was called on it since. */
export interface Recording {
  readonly start:
    | { readonly kind: 'manager'; readonly args: readonly unknown[] }
    /** A builder that another one made: `subQuery()`, `createQueryBuilder()`. */
    | { readonly kind: 'derived'; readonly from: Recording; readonly call: RecordedCall };
  readonly calls: readonly RecordedCall[];
}

/** A routed builder as it is at the moment. */
export interface Recorded {
  readonly recording: Recording;
  /** The builder of the cluster's own data source on which the calls were tried. */
  readonly mirror: AnyBuilder;
}

const recorded = new WeakMap<object, () => Recorded>();

/** Remembers how a routed builder is read when it is given to another builder. */
export function register(builder: object, read: () => Recorded): void {
  recorded.set(builder, read);
}

/** What is recorded of a value; undefined when it is no routed builder. */
export function recordedOf(value: unknown): Recorded | undefined {
  return typeof value === 'object' && value !== null ? recorded.get(value)?.() : undefined;
}

/**
 * Makes the recorded builder on a shard's manager. Callbacks are called again, with the shard's builders, so that no text that was
 * made for one shard reaches another.
 */
export function replay({ start, calls }: Recording, manager: EntityManager): AnyBuilder {
  const begun = start.kind === 'manager' ? begin(start.args, manager) : apply(replay(start.from, manager), start.call, manager);
  return calls.reduce((builder, call) => apply(builder, call, manager), begun);
}

function begin(args: readonly unknown[], manager: EntityManager): AnyBuilder {
  const create = manager.createQueryBuilder as (...given: readonly unknown[]) => AnyBuilder;
  return create.apply(manager, [...args]);
}

function apply(builder: AnyBuilder, { member, args }: RecordedCall, manager: EntityManager): AnyBuilder {
  const method = Reflect.get(builder, member) as (...given: readonly unknown[]) => unknown;
  const result = method.apply(
    builder,
    args.map((arg) => {
      const given = recordedOf(arg);
      return given ? replay(given.recording, manager) : ownCopy(member, arg);
    }),
  );
  return result instanceof QueryBuilder ? result : builder;
}

/** TypeORM writes into find operators, so each builder gets its own; rows and values are the caller's and stay the same objects. */
export function ownCopy(member: string, arg: unknown): unknown {
  return KEEPS_ARGUMENTS.has(member) ? arg : cloneOptions(arg);
}

const KEEPS_ARGUMENTS: ReadonlySet<string> = new Set(['values', 'set', 'of', 'whereEntity']);
