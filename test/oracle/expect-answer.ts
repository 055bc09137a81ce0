import type { DataSource } from 'typeorm';
import { isApproximate } from './builder-calls';
import type { Call } from './calls';
import { Approximate, differenceOf, type Mode, toleranceOf } from './compare';
import type { EntityFacts, OracleEntities } from './entities';
import { withPrimaryKey } from './order';
import { pageByHand } from './page-by-hand';
import { type Answer, runCall } from './run-call';

/** What the one database says, and how answers of clusters are held against it. */
export interface Expectation {
  readonly answer: Answer;
  readonly mode: Mode;
  /** What TypeORM itself fails with; one shard alone may fail alike. */
  readonly failure?: Error;
}

/** Asks the one database. */
export async function expectationOf(oracle: DataSource, call: Call, entities: OracleEntities): Promise<Expectation> {
  const facts = entities.facts[call.entity];
  const asked = ofOneDatabase(call, facts);
  const own = await runCall(oracle, asked, entities);
  const answer = await pageByHand(oracle, asked, entities, own);
  const failure = own.kind === 'error' && answer !== own ? own.error : undefined;
  const members = answer.kind === 'value' && answer.value !== null && isAnyRow(call) ? membersCall(call) : undefined;
  if (members) return { answer: await runCall(oracle, members, entities), mode: 'member' };
  return { answer: approximated(answer, call, entities), mode: isOrdered(call) ? 'ordered' : 'set', ...(failure && { failure }) };
}

function approximated(answer: Answer, call: Call, { kind, facts }: OracleEntities): Answer {
  if (call.family !== 'find' || call.column === undefined || answer.kind !== 'value' || typeof answer.value !== 'number') return answer;
  const fact = facts[call.entity].columns.find(({ property }) => property === call.column);
  return isApproximate(kind, call.operation, fact?.family ?? '')
    ? { kind: 'value', value: new Approximate(answer.value, toleranceOf(fact?.family ?? '')) }
    : answer;
}

/** Says what differs; undefined when nothing does. */
export function compareAnswers({ answer, mode, failure }: Expectation, actual: Answer): string | undefined {
  if (failure && actual.kind === 'error' && failsAlike(failure, actual.error)) return undefined;
  return differenceOf(answer, actual, mode);
}

function failsAlike(expected: Error, actual: Error): boolean {
  const cause = actual.cause instanceof Error ? actual.cause : actual;
  return cause.name === expected.name && cause.message === expected.message;
}

/** The call with the tie rule of clusters in it: ties, and pages without an order, go by the primary key. */
export function ofOneDatabase(call: Call, facts: EntityFacts): Call {
  if (!isOrdered(call) || call.family === 'write') return call;
  if (call.family === 'find') return { ...call, options: { ...call.options, order: withPrimaryKey(call.options.order ?? [], facts) } };
  if (call.operation === 'grouped' || call.operation === 'distinct') return call;
  return { ...call, order: withPrimaryKey(call.order ?? [], facts) };
}

/** Whether the rows have to come in one order. */
export function isOrdered(call: Call): boolean {
  if (call.family === 'write' || isNumber(call)) return false;
  if (call.family === 'builder') return (call.order ?? []).length > 0 || call.page !== undefined;
  const { order = [], skip, take } = call.options;
  return order.length > 0 || Boolean(skip) || Boolean(take);
}

/** Whether any matching row is right. */
function isAnyRow(call: Call): boolean {
  return ONE_ROW.includes(call.operation) && !isOrdered(call);
}

function isNumber({ operation }: Call): boolean {
  return ['count', 'countBy', 'exists', 'existsBy', 'sum', 'average', 'minimum', 'maximum', 'getCount', 'getExists'].includes(operation);
}

/** The call that finds all rows of which one is right. */
function membersCall(call: Call): Call {
  return { ...call, operation: call.family === 'builder' ? 'getMany' : 'find' } as Call;
}

const ONE_ROW = ['findOne', 'findOneBy', 'findOneOrFail', 'findOneByOrFail', 'getOne', 'getOneOrFail'];
