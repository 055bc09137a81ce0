import { BarView } from '../../../src/cli/progress/bar-view';
import { JsonView } from '../../../src/cli/progress/json-view';
import { LineView } from '../../../src/cli/progress/line-view';
import { viewFor } from '../../../src/cli/progress/view-for';
import { progressOf } from '../fixtures/fake-run';
import { FakeTerminal } from '../fixtures/fake-terminal';

function writing() {
  const texts: string[] = [];
  const write = async (text: string) => void texts.push(text);
  return { texts, output: { result: write, story: write } };
}

describe('The view of progress', () => {
  it('is documents for programs, bars on a terminal, and lines elsewhere', () => {
    const { output } = writing();
    const terminal = new FakeTerminal().asStream();
    const bars = viewFor({ ...output, terminal }, false);
    bars.end();
    expect(bars).toBeInstanceOf(BarView);
    expect(viewFor({ ...output, terminal }, true)).toBeInstanceOf(JsonView);
    expect(viewFor(output, false)).toBeInstanceOf(LineView);
  });
});

describe('LineView', () => {
  it('writes a line every five seconds, and at each change of phase, pause and wait', async () => {
    const { texts, output } = writing();
    let nowMs = 0;
    const view = new LineView(output, () => nowMs);
    const steps = [
      [0, {}],
      [4_999, {}],
      [5_000, {}],
      [5_100, { isPaused: true }],
      [5_200, { isPaused: true }],
      [5_300, { waitingFor: 'client c7' }],
      [5_400, { phase: 'cleaning' as const }],
    ] as const;
    const written: number[] = [];
    for (const [atMs, changes] of steps) {
      nowMs = atMs;
      const before = texts.length;
      await view.show(progressOf(changes));
      if (texts.length > before) written.push(atMs);
    }
    expect(written).toEqual([0, 5_000, 5_100, 5_300, 5_400]);
    expect(texts.every((text) => /^[^\n]+\n$/.test(text))).toBe(true);
  });
});

describe('JsonView', () => {
  it('writes each progress as one document on a line', async () => {
    const { texts, output } = writing();
    const view = new JsonView(output);
    await view.show(progressOf());
    await view.show(progressOf({ phase: 'cleaning' }));
    expect(texts.map((text) => JSON.parse(text))).toEqual([
      { event: 'progress', ...progressOf() },
      { event: 'progress', ...progressOf({ phase: 'cleaning' }) },
    ]);
    expect(texts.join('').match(/\n/g)).toHaveLength(2);
  });
});

describe('BarView', () => {
  function shown(terminal: FakeTerminal, ...steps: Parameters<typeof progressOf>): readonly string[] {
    const view = new BarView(terminal.asStream());
    view.show(progressOf(...steps));
    view.end();
    return terminal.lines;
  }

  it('shows an overall bar, its state, and a bar for each pair of shards', () => {
    expect(shown(new FakeTerminal())).toEqual([
      'all       ██████████░░░░░░░░░░░░░░  42 %  420/1,000 rows',
      'moving rows, 100 rows/s, write pause p50 90 ms, p99 140 ms, 6 s left',
      's1 -> s3  ███████████████████░░░░░  80 %  400/500 rows',
      's2 -> s3  █░░░░░░░░░░░░░░░░░░░░░░░   4 %  20/500 rows',
      '',
    ]);
  });

  it('draws again over what it drew, and gives the cursor back at its end', () => {
    const terminal = new FakeTerminal();
    const view = new BarView(terminal.asStream());
    view.show(progressOf());
    view.show(progressOf({ movedRows: 1_000 }));
    view.end();
    expect(terminal.lines[0]).toContain('100 %  1,000/1,000 rows');
    expect(terminal.written.endsWith('\n')).toBe(true);
    expect(terminal.written.lastIndexOf('\x1b[?25h')).toBeGreaterThan(terminal.written.lastIndexOf('\x1b[?25l'));
  });

  it('uses no colours, and no more columns and lines than there are', () => {
    const terminal = new FakeTerminal(40, 8);
    const pairs = Array.from({ length: 30 }, (_, index) => ({ from: `s${index}`, to: 'new', movedRows: 0, totalRows: 10 }));
    const lines = shown(terminal, { pairs });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what sets colours
    expect(terminal.written).not.toMatch(/\x1b\[[\d;]*m/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(lines.length).toBeLessThanOrEqual(8);
    expect(lines.at(-2)).toBe('and 26 more pairs of shards');
  });

  it('listens to no signal, since the command ends in order by itself', () => {
    const before = process.listenerCount('SIGINT');
    const view = new BarView(new FakeTerminal().asStream());
    const during = process.listenerCount('SIGINT');
    view.end();
    expect(during).toBe(before);
  });
});
