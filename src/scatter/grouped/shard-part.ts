import type { EntityManager } from 'typeorm';
import { ScatterUnsupportedError } from '../../errors';
import { isMysql, isSqlite } from '../../metadata';
import type { ScatterCall } from '../scatter-call';
import { reshape } from './builder-internals';
import { readBuilder } from './builder-query';
import { type Dialect, type Statement, typeOf } from './dialect';
import { mysqlDialect } from './mysql-dialect';
import { type GroupedPlan, planGrouped } from './plan';
import { postgresDialect } from './postgres-dialect';
import type { Slot, SlotTypes } from './slot';
import { sqliteDialect } from './sqlite-dialect';

/** Rows of a shard: by the names of the slots, the texts of the values. */
export type SentRow = Readonly<Record<string, unknown>>;

/** A query on one shard: how it is taken apart there, and what it asks the shard. */
export class ShardPart {
  readonly dialect: Dialect;
  readonly plan: GroupedPlan;
  readonly #parameters: Readonly<Record<string, unknown>>;

  /** @throws {ScatterUnsupportedError} before any statement, for what cannot be merged. */
  constructor(
    readonly call: ScatterCall,
    readonly manager: EntityManager,
  ) {
    this.dialect = dialectOf(manager);
    const builder = call.recipe(manager);
    const query = readBuilder(builder, { family: this.dialect.family, refuse: this.refuse });
    this.plan = planGrouped(query, this.dialect, this.refuse);
    this.#parameters = builder.getParameters();
  }

  readonly refuse = (feature: string): ScatterUnsupportedError =>
    new ScatterUnsupportedError(this.call.sharding.metadata.name, this.call.operation, feature);

  /** The types of the slots on this shard. */
  types(): Promise<SlotTypes> {
    const { dialect, manager, refuse } = this;
    const { slots } = this.plan;
    return dialect.describe({ slots, template: this.template(), manager, refuse, query: (statement) => this.query(statement) });
  }

  /** The groups of this shard; all of them in one statement, so that they are of one moment. */
  rows(types: SlotTypes): Promise<readonly SentRow[]> {
    const streams = this.plan.streams.map(({ keys, aggregates }) => {
      const present = new Set<Slot>([...keys, ...aggregates]);
      return this.#reshaped({
        selects: this.plan.slots.map((slot) => ({
          selection: present.has(slot) ? this.dialect.sent(slot, typeOf(slot, types)) : 'NULL',
          aliasName: slot.name,
        })),
        groupBys: keys.flatMap((slot) => this.dialect.groupedBy(slot)),
      });
    });
    const sql = streams.map((stream) => stream.sql).join(' UNION ALL ');
    return this.query({ sql, parameters: Object.assign({}, ...streams.map(({ parameters }) => parameters)) });
  }

  /** The arguments of the slots, of no row. */
  template(): Statement {
    const selects = this.plan.slots.map(({ kind, argument, name }) => ({
      selection: kind === 'count' ? 'NULL' : argument,
      aliasName: name,
    }));
    return this.#reshaped({ selects, isEmpty: true });
  }

  /** Runs a statement with named parameters, those of the builder among them. */
  query<Row>({ sql, parameters }: Statement): Promise<readonly Row[]> {
    const [text, values] = this.manager.dataSource.driver.escapeQueryWithParameters(sql, { ...this.#parameters, ...parameters });
    return this.manager.query(text, values);
  }

  #reshaped(wanted: Parameters<typeof reshape>[1]): Statement {
    const builder = this.call.recipe(this.manager);
    reshape(builder, wanted);
    return { sql: builder.getQuery(), parameters: builder.getParameters() };
  }
}

function dialectOf({ dataSource }: EntityManager): Dialect {
  if (isMysql(dataSource)) return mysqlDialect;
  return isSqlite(dataSource) ? sqliteDialect : postgresDialect;
}
