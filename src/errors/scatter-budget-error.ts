import { ShardingError } from './sharding-error';

/** What a call to several shards would have cost beyond its budget. */
export interface ScatterBudgetFacts {
  /** Name of the entity that was called. */
  readonly entity: string;
  /** The call, for example `find`. */
  readonly operation: string;
  /** The option of `scatter` that the call exceeded. */
  readonly budget: 'maxShards' | 'maxRows' | 'timeoutMs';
  /** The limit, in the unit of the member. */
  readonly limit: number;
  /** The shards that had not answered when the time was over. */
  readonly unanswered?: readonly string[];
}

/**
 * A call to several shards exceeded its budget. With `maxShards` nothing was sent; with `maxRows` and `timeoutMs` no answer is given,
 * and a write that was not answered in time may have been done or not.
 */
export class ScatterBudgetError extends ShardingError implements ScatterBudgetFacts {
  override readonly code = 'ERR_SCATTER_BUDGET';
  /** True for a call that took too long. */
  override readonly retryable: boolean;
  /** Name of the entity that was called. */
  readonly entity: string;
  readonly operation: string;
  readonly budget: ScatterBudgetFacts['budget'];
  /** The limit, in the unit of the member. */
  readonly limit: number;
  readonly unanswered: readonly string[];

  constructor(facts: ScatterBudgetFacts, options?: ErrorOptions) {
    super(`${facts.operation} on ${facts.entity} ${SENTENCES[facts.budget](facts)}`, options);
    this.retryable = facts.budget === 'timeoutMs';
    this.entity = facts.entity;
    this.operation = facts.operation;
    this.budget = facts.budget;
    this.limit = facts.limit;
    this.unanswered = facts.unanswered ?? [];
  }
}

const SENTENCES: Readonly<Record<ScatterBudgetFacts['budget'], (facts: ScatterBudgetFacts) => string>> = {
  maxShards: ({ limit }) =>
    `needs more than the ${limit} shard(s) that scatter.maxShards allows, so nothing was sent. ` +
    'Add the shard key to the criteria, or allow more with withScatter({ maxShards }).',
  maxRows: ({ limit }) =>
    `got more than the ${limit} row(s) that scatter.maxRows allows, so no answer is given. ` +
    'Narrow the criteria, ask for a page, or allow more with withScatter({ maxRows }).',
  timeoutMs: ({ limit, unanswered = [] }) =>
    `did not end within the ${limit} ms of scatter.timeoutMs; without an answer: ${unanswered.join(', ') || 'none of the shards'}. ` +
    'What was sent there is cancelled; a write may have been done or not. Narrow the criteria, or allow more with withScatter({ timeoutMs }).',
};
