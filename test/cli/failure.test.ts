import { failureOf, stackOf } from '../../src/cli/failure';
import { ConfigurationError, ShardError, ShardsFailedError } from '../../src/errors';

describe('The stacks of a failure', () => {
  it('have what each shard threw, by its cause, without the passwords in it', () => {
    const failed = ['s1', 's2'].map((shard) => {
      const cause = new Error(`mysql://app:hunter22@db-${shard}/shop went away`);
      return { shard, error: new ShardError(shard, 'ECONNRESET', { cause, retryable: true }) };
    });
    const stacks = stackOf(new ShardsFailedError('count', failed, [])).split('\ncaused by: ');

    expect(stacks.map((stack) => stack.split('\n')[0])).toEqual([
      expect.stringContaining('count failed on shard(s) s1 (ECONNRESET), s2 (ECONNRESET)'),
      expect.stringContaining('Shard "s1" failed'),
      expect.stringMatching(/db-s1\/shop went away$/),
      expect.stringContaining('Shard "s2" failed'),
      expect.stringMatching(/db-s2\/shop went away$/),
    ]);
    expect(stacks.join()).not.toContain('hunter22');
  });

  it('end where causes go round in a circle', () => {
    const error = new Error('first');
    error.cause = new Error('second', { cause: error });
    expect(stackOf(error).match(/^(caused by: )?Error: /gm)).toHaveLength(5);
  });
});

describe('The report of a failure', () => {
  const lost = new ShardError('s1', 'ECONNRESET', { cause: new Error('row of Ada went away'), retryable: true });

  it('names --stack where there is more to see, and does not tell it unasked', () => {
    expect(failureOf(lost).text).toBe(`${lost.message}\nRun it with --stack to see the cause.`);
    expect(failureOf(new ShardsFailedError('count', [{ shard: 's1', error: lost }], [])).text).toMatch(
      /\nRun it with --stack to see the cause\.$/,
    );
    expect(failureOf(new TypeError('no')).text).toBe('no\nRun it with --stack to see where.');
  });

  it('does not where the message says all', () => {
    expect(failureOf(new ConfigurationError(['no shards'])).text).not.toContain('--stack');
  });
});
