import { QueryFailedError } from 'typeorm';
import * as errors from '../../src/errors';

type ErrorClass = new (...args: never[]) => errors.ShardingError;

const cause = new Error('the reason');
const options = { cause };

/** One of each class: its code, whether a retry can help, its facts, and words of its message. */
const samples: readonly (readonly [error: errors.ShardingError, code: string, facts: object, words: readonly string[]])[] = [
  [
    new errors.ConfigurationError(['One is wrong.', 'Two is wrong.'], options),
    'ERR_CONFIGURATION',
    { faults: ['One is wrong.', 'Two is wrong.'] },
    ['2 fault(s)', '\n  - One is wrong.\n  - Two is wrong.'],
  ],
  [
    new errors.ConflictPathsError('User', ['guid'], options),
    'ERR_CONFLICT_PATHS',
    { entity: 'User', missing: ['guid'] },
    ['upsert of User', 'missing: guid'],
  ],
  [
    new errors.ControlTablesError('a', 'they are missing', options),
    'ERR_CONTROL_TABLES',
    { shard: 'a', reason: 'they are missing' },
    ['of shard "a" cannot be used: they are missing.'],
  ],
  [
    new errors.CursorInvalidError('User', 'it is damaged', options),
    'ERR_CURSOR_INVALID',
    { entity: 'User', reason: 'it is damaged' },
    ['page of User cannot be used: it is damaged', 'the same conditions and order'],
  ],
  [new errors.DatabaseBusyError(60_000, options), 'ERR_DATABASE_BUSY', { waitedMs: 60_000, retryable: true }, ['60000 ms', 'manager']],
  [
    new errors.FenceBlockedError('a', 'the triggers of topic', [{ session: '7', user: 'app', state: 'Sleep', openMs: 1_500 }], options),
    'ERR_FENCE_BLOCKED',
    {
      shard: 'a',
      subject: 'the triggers of topic',
      blockers: [{ session: '7', user: 'app', state: 'Sleep', openMs: 1_500 }],
      retryable: true,
    },
    ['Shard "a" did not come free for the triggers of topic', '7 (app, open for 1500 ms)', 'End them'],
  ],
  [
    new errors.FenceBlockedError('a', 'the triggers of topic', [], options),
    'ERR_FENCE_BLOCKED',
    { blockers: [], retryable: true },
    ['none that can be seen'],
  ],
  [
    new errors.FencePrivilegeError('a', 'create the triggers of topic', 'Grant it TRIGGER.', options),
    'ERR_FENCE_PRIVILEGE',
    { shard: 'a', operation: 'create the triggers of topic', grant: 'Grant it TRIGGER.' },
    ['The user of shard "a" may not create the triggers of topic. Grant it TRIGGER.'],
  ],
  [
    new errors.IdentityError(['Database a is of shard b.'], options),
    'ERR_IDENTITY',
    { differences: ['Database a is of shard b.'] },
    ['\n  - Database a is of shard b.', 'Nothing was changed', 'Restore'],
  ],
  [
    new errors.LayoutValueError('UserHomeLayout', 'it holds a function', options),
    'ERR_LAYOUT_VALUE',
    { layout: 'UserHomeLayout', reason: 'it holds a function' },
    ['UserHomeLayout', 'it holds a function'],
  ],
  [
    new errors.ReshardRefusedError(['Another plan is running.'], options),
    'ERR_RESHARD_REFUSED',
    { reasons: ['Another plan is running.'] },
    ['Another plan is running.'],
  ],
  [
    new errors.ReshardStoppedError('p', 'copy', 'a', 'The disk is full.', options),
    'ERR_RESHARD_STOPPED',
    { planId: 'p', step: 'copy', shard: 'a' },
    ['step copy on shard "a"', 'The disk is full.', 'Every row is served', 'resume()'],
  ],
  [
    new errors.RouteLeaseError('find', options),
    'ERR_ROUTE_LEASE',
    { operation: 'find', retryable: true },
    ['find needs the newest topology', 'Nothing was sent', 'try again'],
  ],
  [
    new errors.TopologyChangedError('a', 'the key was routed by an old topology.', options),
    'ERR_TOPOLOGY_CHANGED',
    { shard: 'a', retryable: true },
    ['shard "a"', 'Nothing was changed', 'again'],
  ],
  [
    new errors.LeaseLostError('a', 'User', options),
    'ERR_LEASE_LOST',
    { shard: 'a', group: 'User' },
    ['rows of group User on shard "a" belongs to another process', 'Nothing was changed'],
  ],
  [
    new errors.LeavingRelationError('User', 'products', 'find', 'condition', options),
    'ERR_LEAVING_RELATION',
    { entity: 'User', relation: 'products', operation: 'find', use: 'condition' },
    ['find on User with a condition on the relation products, which leaves its group', 'Compare its join column'],
  ],
  [
    new errors.MergeOrderError('User', 'name', 'its collation differs', 'Change it.', options),
    'ERR_MERGE_ORDER',
    { entity: 'User', column: 'name', reason: 'its collation differs' },
    ['User.name cannot be merged over several shards: its collation differs. Change it.'],
  ],
  [new errors.NotInitializedError(undefined, options), 'ERR_NOT_INITIALIZED', { shard: undefined }, ['Await cluster.initialize()']],
  [new errors.NotInitializedError('a', options), 'ERR_NOT_INITIALIZED', { shard: 'a' }, ['Shard "a"', 'cluster.open("a")']],
  [new errors.NotShardedError('Country', options), 'ERR_NOT_SHARDED', { entity: 'Country' }, ['Country has no shard key', 'onShard(name)']],
  [new errors.PositionUnownedError('ranges', options), 'ERR_POSITION_UNOWNED', { placement: 'ranges' }, ['the ranges placement', '"from"']],
  [
    new errors.RelatedKeyError('User', 'orders', 'Order', options),
    'ERR_RELATED_KEY',
    { entity: 'User', relation: 'orders', related: 'Order' },
    ['User.orders leads to a Order with another shard key', 'by itself'],
  ],
  [
    new errors.ScatterBudgetError({ entity: 'User', operation: 'find', budget: 'maxShards', limit: 2 }, options),
    'ERR_SCATTER_BUDGET',
    { entity: 'User', operation: 'find', budget: 'maxShards', limit: 2, unanswered: [] },
    ['find on User', 'more than the 2 shard(s)', 'nothing was sent', 'withScatter({ maxShards })'],
  ],
  [
    new errors.ScatterBudgetError({ entity: 'User', operation: 'find', budget: 'maxRows', limit: 10 }, options),
    'ERR_SCATTER_BUDGET',
    { budget: 'maxRows', limit: 10 },
    ['find on User', 'more than the 10 row(s)', 'no answer', 'withScatter({ maxRows })'],
  ],
  [
    new errors.ScatterBudgetError({ entity: 'User', operation: 'find', budget: 'timeoutMs', limit: 500, unanswered: ['a', 'b'] }, options),
    'ERR_SCATTER_BUDGET',
    { budget: 'timeoutMs', limit: 500, unanswered: ['a', 'b'], retryable: true },
    ['find on User', 'within the 500 ms', 'without an answer: a, b.', 'withScatter({ timeoutMs })'],
  ],
  [
    new errors.ScatterRefusedError('User', 'update', 'writes', options),
    'ERR_SCATTER_REFUSED',
    { entity: 'User', operation: 'update', refusedBy: 'writes' },
    ['update on User', 'write on every shard', 'acrossShards()', "scatter: { writes: 'allow' }"],
  ],
  [
    new errors.ScatterRefusedError('User', 'find', 'mode', options),
    'ERR_SCATTER_REFUSED',
    { entity: 'User', operation: 'find', refusedBy: 'mode' },
    ['find on User', 'go to every shard', 'acrossShards()', "scatter: { mode: 'allow' }"],
  ],
  [
    new errors.ScatterUnsupportedError('User', 'find', 'order', options),
    'ERR_SCATTER_UNSUPPORTED',
    { entity: 'User', operation: 'find', feature: 'order' },
    ['find on User with order', 'forKey(key)', 'onShard(name)'],
  ],
  [
    new errors.ShardError('a', 'ER_DUP_ENTRY', options),
    'ERR_SHARD_FAILED',
    { shard: 'a', driverCode: 'ER_DUP_ENTRY', retryable: false },
    ['Shard "a" failed: Error ER_DUP_ENTRY', 'The cause has the details'],
  ],
  [
    new errors.ShardKeyChangedError('User', ['tenant', 'guid'], options),
    'ERR_SHARD_KEY_CHANGED',
    { entity: 'User', properties: ['tenant', 'guid'] },
    ['a stored User (tenant, guid) cannot change', 'Insert a row with the new key'],
  ],
  [
    new errors.ShardKeyInvalidError('User.guid', 'a string key must be a string', options),
    'ERR_SHARD_KEY_INVALID',
    { property: 'User.guid', reason: 'a string key must be a string' },
    ['User.guid cannot route: a string key must be a string.'],
  ],
  [
    new errors.ShardKeyMissingError('User', ['tenant', 'guid'], options),
    'ERR_SHARD_KEY_MISSING',
    { entity: 'User', properties: ['tenant', 'guid'] },
    ['User.tenant, User.guid has no value', 'forKey(key)'],
  ],
  [
    new errors.ShardRequiredError('createQueryRunner()', 'shard(name)', options),
    'ERR_SHARD_REQUIRED',
    { member: 'createQueryRunner()', instead: 'shard(name)' },
    ['createQueryRunner() needs to know its shard. Use shard(name).'],
  ],
  [
    new errors.TopologyStoreError('read', 'its database did not answer.', { ...options, retryable: true }),
    'ERR_TOPOLOGY_STORE',
    { operation: 'read', retryable: true },
    ['failed in read: its database did not answer.'],
  ],
  [
    new errors.TransactionShardError('a', ['b', 'c'], options),
    'ERR_TRANSACTION_SHARD',
    { pinned: 'a', needed: ['b', 'c'] },
    ['shard(s) b, c', 'runs on shard "a"', 'forKey(key)'],
  ],
  [
    new errors.TransactionShardError(undefined, ['b'], options),
    'ERR_TRANSACTION_SHARD',
    { pinned: undefined, needed: ['b'] },
    ['is not pinned to one shard yet'],
  ],
  [
    new errors.UnknownShardError('x', ['a', 'b'], options),
    'ERR_UNKNOWN_SHARD',
    { shard: 'x', known: ['a', 'b'] },
    ['There is no shard "x". The cluster has: a, b.'],
  ],
  [
    new errors.WrongShardError('User', 'a', 'b', options),
    'ERR_WRONG_SHARD',
    { entity: 'User', owner: 'a', shard: 'b' },
    ['A User belongs to shard "a"', 'cannot be read or written on shard "b"'],
  ],
];

describe.each(samples.map((sample) => [`${sample[0].name} (${sample[0].message.slice(0, 30)}…)`, ...sample] as const))(
  '%s',
  (_, error, code, facts, words) => {
    it('is an Error and a ShardingError under its own name', () => {
      expect(error).toBeInstanceOf(Error);
      expect(error).toBeInstanceOf(errors.ShardingError);
      expect(error.name).toBe(error.constructor.name);
      expect(error.stack).toContain(`${error.name}: `);
    });

    it('has its code, its facts and whether a retry can help', () => {
      expect(error).toMatchObject({ code, retryable: false, ...facts });
    });

    it('says what happened, to what, and what to do', () => {
      for (const each of words) expect(error.message).toContain(each);
    });

    it('keeps its cause and leaves it out of the message', () => {
      expect(error.cause).toBe(cause);
      expect(error.message).not.toContain(cause.message);
    });
  },
);

describe('The errors of the library', () => {
  const classes = Object.values(errors).filter((member) => member !== errors.ShardingError) as unknown as ErrorClass[];

  it('are all among the samples of this suite', () => {
    const sampled = new Set([...samples.map(([error]) => error.constructor), errors.ShardsFailedError]);
    expect(classes.filter((each) => !sampled.has(each))).toEqual([]);
  });

  it('have a code each, all different', () => {
    const codes = new Map(samples.map(([error, code]) => [error.constructor, code]));
    codes.set(errors.ShardsFailedError, new errors.ShardsFailedError('save', [], []).code);
    expect(new Set(codes.values()).size).toBe(classes.length);
    for (const code of codes.values()) expect(code).toMatch(/^ERR_[A-Z_]+$/);
  });
});

describe('ShardError', () => {
  const failed = new QueryFailedError(
    'INSERT INTO user VALUES (?)',
    ['secret'],
    Object.assign(new Error("Duplicate entry 'secret'"), { code: 'X' }),
  );

  it('names the kind of its cause without the statement, the row or the message of the driver', () => {
    const error = new errors.ShardError('a', 'X', { cause: failed });
    expect(error.message).toBe('Shard "a" failed: QueryFailedError X. The cause has the details.');
    expect(error.cause).toBe(failed);
  });

  it('does without the code of a driver', () => {
    expect(new errors.ShardError('a', undefined, { cause: failed }).message).toBe(
      'Shard "a" failed: QueryFailedError. The cause has the details.',
    );
    expect(new errors.ShardError('a', undefined, {}).message).toBe('Shard "a" failed: unknown error. The cause has the details.');
  });

  it('can be retried when it is told so', () => {
    expect(new errors.ShardError('a', 'X', { cause: failed, retryable: true }).retryable).toBe(true);
  });
});

describe('ShardsFailedError', () => {
  const lost = new errors.ShardError('a', 'ECONNRESET', { cause, retryable: true });
  const refused = new errors.ShardError('b', 'ER_DUP_ENTRY', { cause });
  const failures = [
    { shard: 'a', error: lost },
    { shard: 'b', error: refused },
  ];

  it('names the shards that failed, those that are done and those that were not asked', () => {
    const error = new errors.ShardsFailedError('save', failures, ['c', 'd'], ['e']);
    expect(error).toMatchObject({
      code: 'ERR_SHARDS_FAILED',
      operation: 'save',
      failed: failures,
      succeeded: ['c', 'd'],
      notAttempted: ['e'],
    });
    expect(error.message).toBe(
      "save failed on shard(s) a (ECONNRESET), b (ER_DUP_ENTRY); completed on: c, d; nothing done on: e. The cause has each shard's error.",
    );
  });

  it('says what the driver of each shard calls its fault, since consoles cut nested causes off', () => {
    const refused = new errors.ShardError('a', 'ECONNREFUSED', { cause: new Error('connect') });
    const error = new errors.ShardsFailedError(
      'connect',
      [
        { shard: 'a', error: refused },
        { shard: 'b', error: new Error('other') },
      ],
      [],
    );
    expect(error.message).toContain('failed on shard(s) a (ECONNREFUSED), b; completed on: none');
  });

  it('says when none is done, and nothing of shards that were not asked when there are none', () => {
    expect(new errors.ShardsFailedError('save', failures, []).message).toBe(
      "save failed on shard(s) a (ECONNRESET), b (ER_DUP_ENTRY); completed on: none. The cause has each shard's error.",
    );
  });

  it('has the error of each shard as cause', () => {
    const { cause: all } = new errors.ShardsFailedError('save', failures, []);
    expect(all).toBeInstanceOf(AggregateError);
    expect((all as AggregateError).errors).toEqual([lost, refused]);
  });

  it('can be retried when every one of its failures can', () => {
    expect(new errors.ShardsFailedError('save', failures, []).retryable).toBe(false);
    expect(new errors.ShardsFailedError('save', failures.slice(0, 1), []).retryable).toBe(true);
    expect(new errors.ShardsFailedError('save', [{ shard: 'a', error: cause }], []).retryable).toBe(false);
  });
});
