import { planText } from '../../../src/cli/text/plan-text';
import { planned } from '../fixtures/fake-run';

describe('The text of a plan', () => {
  it('shows moves, sizes, balance, reference tables and warnings', () => {
    expect(planText(planned)).toBe(
      [
        'Plan: add s3. It moves about 3,300 rows, 1.5 MB.',
        '',
        'Group User (user, order)',
        '',
        'FROM  TO   ROWS    SIZE',
        's1    s3  1,600  1.5 MB',
        's2    s3  1,700   900 B',
        '',
        'SHARD  ROWS BEFORE   SHARE  ROWS AFTER   SHARE  SIZE AFTER',
        's1           5,000  50.0 %       3,400  34.0 %      3.5 MB',
        's2           5,000  50.0 %       3,300  33.0 %      5.0 MB',
        's3               0   0.0 %       3,300  33.0 %      1.5 MB',
        '',
        'Reference tables that new shards get a copy of first:',
        '  - country',
        '',
        'Warnings:',
        '  - s1 has a transaction that is open for 20 min.',
      ].join('\n'),
    );
  });

  it('says of a group that nothing moves, and divides nothing by nothing', () => {
    const balance = [{ shard: 's1', rowsBefore: 0, rowsAfter: 0, bytesBefore: 0, bytesAfter: 0 }];
    const text = planText({ ...planned, rows: 1, groups: [{ group: 'User', tables: ['user'], moves: [], balance }] });
    expect(text).toContain('about 1 row,');
    expect(text).toContain('nothing moves');
    expect(text).toMatch(/s1 +0 +- +0 +- +0 B/);
  });
});
