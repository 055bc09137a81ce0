import { progressLine, statusLine } from '../../../src/cli/progress/progress-text';
import { progressOf } from '../fixtures/fake-run';

describe('A line of progress', () => {
  it('says phase, rows, speed, pauses and the time left', () => {
    expect(progressLine(progressOf())).toBe(
      'moving rows, 420 of 1,000 rows (42 %), 100 rows/s, write pause p50 90 ms, p99 140 ms, 6 s left',
    );
  });

  it('says all of it is done only when it is', () => {
    expect(progressLine(progressOf({ movedRows: 99_999, totalRows: 100_000 }))).toContain('99,999 of 100,000 rows (99 %)');
    expect(progressLine(progressOf({ movedRows: 5, totalRows: 5, phase: 'cleaning' }))).toContain('5 of 5 rows (100 %)');
  });

  it('says no share of what a resumed run cannot estimate', () => {
    expect(progressLine(progressOf({ movedRows: 31, totalRows: 31 }))).toMatch(/^moving rows, 31 rows so far, /);
    expect(progressLine(progressOf({ movedRows: 0, totalRows: 0, phase: 'announced' }))).toMatch(
      /^waiting for all clients, 0 rows so far\b/,
    );
  });

  it.each([
    ['while it is paused', { isPaused: true }],
    ['while nothing moves', { rowsPerSecond: 0 }],
    ['when all has moved', { movedRows: 1_000 }],
    ['in another phase', { phase: 'cleaning' as const }],
  ])('guesses no time that is left %s', (_, changes) => {
    expect(progressLine(progressOf(changes))).not.toContain('left');
  });

  it('says that it is paused, and what it waits for', () => {
    const waiting = progressOf({ phase: 'announced', pauseMs: { p50: 0, p99: 0 }, waitingFor: 'client c7' });
    expect(statusLine(waiting)).toBe('waiting for all clients, waiting for client c7');
    expect(statusLine(progressOf({ isPaused: true, rowsPerSecond: 0 }))).toMatch(/^moving rows, 0 rows\/s, .*, paused$/);
  });

  it('counts what is cleaned', () => {
    expect(statusLine(progressOf({ phase: 'cleaning', cleanedRows: 1_200 }))).toContain('1,200 rows cleaned');
  });
});
