import { auditText } from '../../../src/cli/text/audit-text';

const well = { rows: 10, misplaced: 0, duplicated: 0, wrongPosition: 0, missingPosition: 0, arrivals: 0, departures: 0 };
const table = { shard: 's1', group: 'User', table: 'user' };

describe('The text of an audit', () => {
  it('is one sentence when all is well', () => {
    expect(auditText({ ...well, isWell: true, tables: [{ ...table, ...well }] })).toBe('10 rows in 1 table, every one where it should be.');
  });

  it('lists the tables with faults, and those with copies of a move', () => {
    const tables = [
      { ...table, ...well },
      { ...table, shard: 's2', ...well, misplaced: 3 },
      { ...table, shard: 's3', ...well, departures: 5 },
    ];
    const text = auditText({ ...well, rows: 30, misplaced: 3, departures: 5, isWell: false, tables });
    expect(text.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['SHARD', 'TABLE', 'ROWS', 'MISPLACED', 'DUPLICATED', 'WRONG POSITION', 'NO POSITION', 'ARRIVALS', 'DEPARTURES'],
      ['s2', 'user', '10', '3', '0', '0', '0', '0', '0'],
      ['s3', 'user', '10', '0', '0', '0', '0', '0', '5'],
      [''],
      ['30 rows in 3 tables, not every one where it should be.'],
    ]);
  });
});
