import { DataSource, InstanceChecker, type ObjectLiteral, QueryBuilder, type SelectQueryBuilder } from 'typeorm';
import type { CallKind } from '../../live';
import type { Calls } from '../calls';
import type { InsertDone } from '../inserts';
import type { Built } from './built';
import { executeInsert } from './insert';
import { type AnyBuilder, ownCopy, type RecordedCall, type Recording, recordedOf, register } from './recording';
import { RELATION_CALLS } from './relation-calls';
import { SELECTS } from './selects';
import { TEXTS } from './texts';
import { executeWrite } from './writes';

/*
 * A routed builder is TypeORM's own builder of the cluster's data source, the mirror, behind a proxy. The mirror never runs: it
 * refuses what TypeORM refuses, says what was built so far, and is what routes are proved from. Each call that builds is recorded,
 * and the members that run a builder make it again on the shards' own data sources. Only calls from outside pass the proxy; what
 * TypeORM's members call among themselves happens on the mirror alone.
 */

type Loose = (...args: readonly unknown[]) => unknown;
type Terminal = (built: Built, ...args: readonly unknown[]) => unknown;

/** Members that only read the mirror; everything else that builds is recorded. */
const READERS: ReadonlySet<string> = new Set(['getParameters', 'hasParameter', 'hasRelation', 'escape', 'clone']);

/** MySQL and MariaDB tell only after they are connected whether they know RETURNING, so the shard's builder judges it. */
const RETURNING: ReadonlySet<string> = new Set(['returning', 'output']);

/**
 * Begins a query builder on a cluster. It is TypeORM's own type of builder; the shards that it is run on are found when it is run.
 *
 * @param args - those of TypeORM's `createQueryBuilder`.
 */
export function beginBuilder(cluster: DataSource, calls: Calls, args: readonly unknown[]): SelectQueryBuilder<ObjectLiteral> {
  const mirror = (DataSource.prototype.createQueryBuilder as Loose).apply(cluster, [...args]) as AnyBuilder;
  return new RoutedBuilder(mirror, calls, { start: { kind: 'manager', args }, calls: [] }).proxy as SelectQueryBuilder<ObjectLiteral>;
}

class RoutedBuilder {
  readonly proxy: AnyBuilder;
  #recording: Recording;

  constructor(
    readonly mirror: AnyBuilder,
    readonly calls: Calls,
    recording: Recording,
    /** The builder that a sub-query is of, which has the sub-query's parameters. */
    readonly parent?: RoutedBuilder,
  ) {
    this.#recording = recording;
    this.proxy = new Proxy(mirror, { get: (_, name) => this.#member(name) });
    register(this.proxy, () => ({ mirror, recording: this.#recording }));
  }

  #member(name: string | symbol): unknown {
    // Accessors must see the mirror itself, or what they call would pass the proxy.
    const member: unknown = Reflect.get(this.mirror, name, this.mirror);
    if (typeof name === 'symbol' || name === 'constructor' || typeof member !== 'function') return member;
    const terminal = terminalOf(this.mirror, name);
    if (terminal) return (...args: readonly unknown[]) => this.#run(name, terminal, args);
    return (...args: readonly unknown[]) => this.#build(name, args);
  }

  /** Texts are there at once; everything else is a call. */
  #run(name: string, terminal: Terminal, args: readonly unknown[]): unknown {
    const on = (router: Built['router']) => terminal({ mirror: this.mirror, recording: this.#recording, router }, ...args);
    if (TEXTS.has(name)) return on(this.calls.router);
    return this.calls.run({ operation: name, kind: kindOf(this.mirror, name) }, async (router) => on(router));
  }

  #build(member: string, given: readonly unknown[]): unknown {
    const args = given.map((arg) => (recordedOf(arg) ? arg : ownCopy(member, arg)));
    const result = this.#onMirror(member, args);
    const call = { member, args };
    if (result === this.mirror || result === undefined) {
      if (!READERS.has(member)) this.#record(call);
      return result && this.proxy;
    }
    if (!(result instanceof QueryBuilder)) return result;
    const parent = member === 'subQuery' ? this : this.parent;
    return new RoutedBuilder(result, this.calls, this.#derived(call), parent).proxy;
  }

  #record(call: RecordedCall): void {
    this.#recording = extended(this.#recording, call);
    if (this.parent) this.parent.#adopt(this.mirror.getParameters());
  }

  /** A sub-query is often given to its parent as text only; its parameters must not be lost with it. */
  #adopt(parameters: ObjectLiteral): void {
    if (Object.keys(parameters).length > 0) this.#record({ member: 'setParameters', args: [parameters] });
  }

  #onMirror(member: string, args: readonly unknown[]): unknown {
    if (RETURNING.has(member)) {
      this.mirror.expressionMap.returning = args[0] as string | string[];
      return this.mirror;
    }
    const own = args.map((arg) => recordedOf(arg)?.mirror ?? ownCopy(member, arg));
    return (Reflect.get(this.mirror, member) as Loose).apply(this.mirror, own);
  }

  /** `insert()` and its like go on with what was built; sub-queries and new builders begin. */
  #derived(call: RecordedCall): Recording {
    if (call.member === 'clone') return this.#recording;
    const isNew = call.member === 'subQuery' || call.member === 'createQueryBuilder';
    return isNew ? { start: { kind: 'derived', from: this.#recording, call }, calls: [] } : extended(this.#recording, call);
  }
}

function extended({ start, calls }: Recording, call: RecordedCall): Recording {
  return { start, calls: [...calls, call] };
}

function terminalOf(mirror: AnyBuilder, name: string): Terminal | undefined {
  const text = TEXTS.get(name);
  if (text) return text;
  if (InstanceChecker.isSelectQueryBuilder(mirror)) return SELECTS.get(name);
  if (InstanceChecker.isRelationQueryBuilder(mirror)) return RELATION_CALLS.get(name);
  if (name !== 'execute') return undefined;
  if (!InstanceChecker.isInsertQueryBuilder(mirror)) return executeWrite;
  const done: InsertDone = new Map();
  return (built) => executeInsert(built, done);
}

function kindOf(mirror: AnyBuilder, name: string): CallKind {
  // Rows that are locked must be those of the owner, as rows that are written.
  if (InstanceChecker.isSelectQueryBuilder(mirror)) return mirror.expressionMap.lockMode ? 'update' : 'read';
  if (name.startsWith('load')) return 'read';
  if (InstanceChecker.isInsertQueryBuilder(mirror)) return mirror.expressionMap.onIgnore ? 'remove' : 'insert';
  return InstanceChecker.isRelationQueryBuilder(mirror) ? 'remove' : 'update';
}
