import { type DataSource, EntityNotFoundError } from 'typeorm';
import type { Call } from './calls';
import type { OracleEntities } from './entities';
import type { FindCall } from './find-calls';
import { type Answer, runCall } from './run-call';

/**
 * What one database would answer to a page that TypeORM cannot ask it for: with a join it selects the page from a derived table, and
 * fails when a column of the order is not among what that table selects. The list is then asked for whole and cut here.
 */
export async function pageByHand(oracle: DataSource, call: Call, entities: OracleEntities, answer: Answer): Promise<Answer> {
  if (call.family !== 'find' || answer.kind !== 'error' || !answer.error.message.includes('distinctAlias')) return answer;
  const { skip = 0, take, ...options } = call.options;
  const size = call.operation.startsWith('findOne') ? 1 : take;
  const whole = await runCall(oracle, { ...call, operation: 'find', via: 'repository', options } as FindCall, entities);
  if (whole.kind !== 'value') return whole;
  const rows = whole.value as readonly unknown[];
  const page = rows.slice(skip, size === undefined ? undefined : skip + size);
  if (call.operation.startsWith('findAndCount')) {
    // A page that is not full tells the count by itself, as TypeORM has it.
    const isLast = page.length < (size ?? Number.POSITIVE_INFINITY) && (page.length > 0 || skip === 0);
    return isLast ? { kind: 'value', value: [page, skip + page.length] } : counted(page, await runCall(oracle, countOf(call), entities));
  }
  if (!call.operation.startsWith('findOne')) return { kind: 'value', value: page };
  if (page.length > 0 || !call.operation.endsWith('OrFail')) return { kind: 'value', value: page[0] ?? null };
  return { kind: 'error', error: new EntityNotFoundError(entities.targets[call.entity], {}) };
}

/** TypeORM counts in its own way, which has no such fault: for selected columns it counts their different values. */
function countOf(call: FindCall): FindCall {
  const { skip: _skip, take: _take, order: _order, ...options } = call.options;
  return { ...call, operation: 'count', via: 'repository', options };
}

function counted(page: readonly unknown[], count: Answer): Answer {
  return count.kind === 'value' ? { kind: 'value', value: [page, count.value] } : count;
}
