import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runExample } from './fixtures/run-example';

const PATH = 'examples/quick-start/main.ts';

describe('The quick start', () => {
  it('runs, and prints what it says', async () => {
    const { code, stdout, stderr } = await runExample(PATH, []);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain("User { guid: 'ada', name: 'Ada' }");
    expect(stdout).toMatch(/ada lives on (shard-\d), like her orders: \1\n/);
    expect(stdout).toMatch(/route: 'one'/);
  }, 60_000);

  it('takes about thirty lines', () => {
    const lines = readFileSync(join(__dirname, '../..', PATH), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.length).toBeLessThanOrEqual(35);
  });
});
