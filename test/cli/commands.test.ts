import { once } from 'node:events';
import { type Ended, ended, Project } from './fixtures/project';

jest.setTimeout(120_000);

const cluster = `import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ranges, ReferenceTable, Sharded, ShardedDataSource, ShardKey, Unsharded } from 'typeorm-sharding';

@Entity()
class User {
  @PrimaryColumn('uuid') @ShardKey() guid!: string;
}

@Entity()
class Invoice {
  @PrimaryColumn() @ShardKey({ order: 1 }) tenant!: string;
  @PrimaryColumn() @ShardKey({ order: 2 }) year!: number;
}

@Entity()
@Sharded({ placement: ranges([{ from: 0, shard: 'north' }, { from: 1000, shard: 'south:1' }]) })
class Reading {
  @PrimaryColumn({ transformer: { to: (value: number) => value * 10, from: (value: number) => value / 10 } }) @ShardKey() id!: number;
}

@Entity()
@Sharded({ placement: ranges([{ from: '2020-01-01', shard: 'north' }, { from: '2026-01-01', shard: 'south:1' }]) })
class Day {
  @PrimaryColumn('date') @ShardKey() day!: string;
}

@Entity()
@ReferenceTable()
class Country {
  @PrimaryColumn() code!: string;
}

@Entity()
@Unsharded({ shard: 'north' })
class Setting {
  @PrimaryColumn() name!: string;
  @Column() value!: string;
}

console.log('story of the file');
export const cluster = new ShardedDataSource({
  type: 'mysql',
  name: 'shop',
  username: 'app',
  password: 'hunter22',
  entities: [User, Invoice, Reading, Day, Country, Setting],
  shards: [
    { name: 'north', weight: 2, url: 'mysql://root:hunter22@db-north:3307/shop' },
    { name: 'south', host: 'db-south', port: 3306, database: 'shop', password: 'hunter22', partitions: [1, 2] },
  ],
});
`;

describe('The command line', () => {
  let project: Project;

  beforeAll(async () => {
    project = await Project.make(['typeorm', 'mysql2', 'typescript']);
    project.write({ 'cluster.ts': cluster, 'quiet.ts': cluster.replace("console.log('story of the file');", '') });
  });

  /** Routes in one process, since loading what a process needs takes longer than all of it. */
  async function routes(...lines: readonly (readonly string[])[]) {
    const all = await project.runAll(lines.map((line) => ['-d', 'quiet.ts', 'route', ...line, '--json']));
    return all.map(({ code, stdout }): Record<string, unknown> => ({ code, ...JSON.parse(stdout) }));
  }

  async function run(...args: readonly string[]) {
    const all = await project.run('-d', 'cluster.ts', ...args);
    expect(all.stdout + all.stderr).not.toContain('hunter22');
    return all;
  }

  async function json(...args: readonly string[]) {
    const { code, stdout } = await run(...args, '--json');
    const answer: Record<string, unknown> = { code, ...JSON.parse(stdout) };
    return answer;
  }

  it('shows shards and shares without connecting, and never a password', async () => {
    expect(await run('topology', 'show')).toMatchObject({
      code: 0,
      stderr: 'story of the file\n',
      stdout: expect.stringMatching(
        new RegExp(
          [
            'Cluster shop \\(mysql\\) of 3 shard\\(s\\)',
            '',
            'SHARD    WEIGHT  PARTITION  DATABASE',
            'north         2          -  db-north:3307/shop',
            'south:1       1          1  db-south:3306/shop',
            'south:2       1          2  db-south:3306/shop',
            '',
            'Group User: hashRing\\(\\), checksum [\\da-f]{32}',
            'SHARD      SHARE',
            'north    50.00 %',
            'south:1  25.00 %',
            'south:2  25.00 %',
          ].join('\n'),
        ),
      ),
    });
    const { groups, shards } = await json('topology', 'show');
    expect(shards).toContainEqual({ name: 'north', weight: 2, host: 'db-north', port: 3307, database: 'shop' });
    expect(groups).toContainEqual({
      name: 'Reading',
      placement: expect.any(String),
      checksum: expect.stringMatching(/^[\da-f]{32}$/),
      segments: [
        { since: '0', upto: '1000', shards: ['north'] },
        { since: '1000', upto: null, shards: ['south:1'] },
      ],
    });
  });

  it('describes each kind of entity', async () => {
    const { stdout } = await run('describe');
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ['ENTITY', 'KIND', 'SHARD KEY'],
      ['User', 'sharded', 'guid (uuid)'],
      ['Invoice', 'sharded', 'tenant (string), year (integer)'],
      ['Reading', 'sharded', 'id (integer)'],
      ['Day', 'sharded', 'day (date)'],
      ['Country', 'reference', '-'],
      ['Setting', 'unsharded', '-'],
      [''],
    ]);
  });

  it('routes keys of every type, spelled as databases hold them for equal', async () => {
    const uuid = '9C2F4D1E-8A34-4F5B-9D0E-1234567890AB';
    const [upper, lower, year, zeros, low, high, day] = await routes(
      ['User', uuid],
      ['User', uuid.toLowerCase()],
      ['Invoice', 'acme', '2026'],
      ['Invoice', 'acme', '02026'],
      ['Reading', '99'],
      ['Reading', '100'],
      ['Day', '2025-12-31'],
    );
    expect(upper).toEqual(lower);
    expect(year).toEqual(zeros);
    expect(low).toMatchObject({ code: 0, shard: 'north', position: '990', table: 'reading' });
    expect(high).toEqual({
      code: 0,
      entity: 'Reading',
      shard: 'south:1',
      position: '1000',
      table: 'reading_p1',
      host: 'db-south',
      port: 3306,
      database: 'shop',
    });
    expect(day).toMatchObject({ code: 0, shard: 'north' });
  });

  describe('refuses', () => {
    const refusals: readonly (readonly [line: readonly string[], message: string])[] = [
      [['route', 'Usr', '1'], 'The cluster has no entity "Usr". It has: Country, Day, Invoice, Reading, Setting, User.'],
      [['route', 'User', 'no-uuid'], 'User.guid cannot route'],
      [['route', 'Invoice', 'acme'], 'The shard key of Invoice is tenant, year: 2 value(s), not 1.'],
      [['route', 'Invoice', 'acme', '20x'], 'Invoice.year cannot route'],
      [['route', 'Reading', '--', '-1'], 'no shard'],
      [['route', 'Country', 'de'], 'Country has no shard key'],
      [['route', 'User'], "missing required argument 'key'"],
      [['topology', 'shwo'], "unknown command 'shwo'\n(Did you mean show?)"],
      [['helth'], "unknown command 'helth'\n(Did you mean health?)"],
      [['describe', '--jsn'], "unknown option '--jsn'\n(Did you mean --json?)"],
      [['health', '--timeout', 'soon'], '--timeout is a number of milliseconds'],
      [[], 'No command is given.'],
    ];
    let answers: readonly Ended[];

    beforeAll(async () => {
      const lines = refusals.flatMap(([line]) => [line, ['--json', ...line]]);
      answers = await project.runAll(lines.map((line) => ['-d', 'quiet.ts', ...line]));
    });

    it.each(refusals)('%j with exit code 2 and without a stack, for people and for programs', (line, message) => {
      const place = 2 * refusals.findIndex(([each]) => each === line);
      const [forPeople, forPrograms] = [answers[place], answers[place + 1]] as [Ended, Ended];
      expect(forPeople).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
      expect(forPeople.stderr).not.toMatch(/^\s+at /m);
      expect(forPrograms.code).toBe(2);
      expect(JSON.parse(forPrograms.stdout)).toEqual({ error: { code: 'ERR_USAGE', message: expect.stringContaining(message) } });
    });
  });

  it('asks for the data source, and needs none for help and version', async () => {
    expect(await project.run('describe')).toMatchObject({ code: 2, stderr: expect.stringContaining('-d path/to/cluster.ts') });
    expect(await project.run('--version')).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
    const commands = [[], ['topology', 'show'], ['describe'], ['route'], ['health']];
    for (const { code, stdout } of await project.runAll(commands.map((command) => [...command, '--help']))) {
      expect(code).toBe(0);
      expect(stdout).toMatch(/\nExamples:\n {2}typeorm-sharding -d /);
    }
  });

  it('tells every fault of the entities', async () => {
    project.write({ 'faulty.ts': cluster.replace("@Unsharded({ shard: 'north' })", '').replace('@ReferenceTable()\n', '') });
    const { code, stdout, stderr } = await project.run('-d', 'faulty.ts', 'describe', '--json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'story of the file\n' });
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'ERR_CONFIGURATION',
        message: expect.any(String),
        faults: [expect.stringContaining('Country has no shard key'), expect.stringContaining('Setting has no shard key')],
      },
    });
  });

  it('does not crash when its reader goes away', async () => {
    const child = project.start(['-d', 'cluster.ts', 'topology', 'show']);
    child.stdout?.destroy();
    expect(await ended(child)).toEqual({ code: 0, stdout: '', stderr: 'story of the file\n' });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with 130 on %s', async (signal) => {
    project.write({ 'slow.cjs': "console.log('waiting');\nexports.cluster = new Promise((resolve) => setTimeout(resolve, 60000));\n" });
    const child = project.start(['-d', 'slow.cjs', 'describe', '--json']);
    const end = ended(child);
    await once(child.stderr as NodeJS.ReadableStream, 'data');
    child.kill(signal);
    const { code, stdout } = await end;
    expect({ code, ...JSON.parse(stdout) }).toEqual({ code: 130, error: { code: 'ERR_INTERRUPTED', message: 'Interrupted.' } });
  });
});
