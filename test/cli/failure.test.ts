import { stackOf } from '../../src/cli/failure';
import { ShardError, ShardsFailedError } from '../../src/errors';

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
