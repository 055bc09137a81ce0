import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type PrivateServer, runSql, serverKinds, startServer, waitUntil } from '../database';
import { findFreePort } from '../database/servers/free-port';
import { makeNestProject } from './nest-project';

const SHARDS = ['s1', 's2', 's3'];
const DEADLINE_MS = 30_000;

/** How an application ended, and the lines that it wrote. */
interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly unknown[];
}

const nodenext = { module: 'nodenext', moduleResolution: 'nodenext' };
const projects = [
  { nest: 11, type: 'commonjs', modules: nodenext },
  { nest: 12, type: 'module', modules: nodenext },
] as const;

// What is asked of the server is asked in MariaDB's words.
(serverKinds.includes('mariadb') ? describe : describe.skip)('An application of the packed library', () => {
  let server: PrivateServer;

  beforeAll(async () => {
    server = await startServer('mariadb');
    await runSql(
      server,
      SHARDS.map((name) => `create database app_${name}`),
    );
  }, 120_000);

  afterAll(() => server?.stop());

  describe.each(projects)('on NestJS $nest of type $type, with a dependency in CommonJS', (options) => {
    let project: string;

    beforeAll(async () => {
      project = await makeNestProject({ ...options, extra: ['mysql2'] });
      const isModule = options.type === 'module';
      translate('main.ts', join(project, 'main.js'), isModule ? ts.ModuleKind.ES2022 : ts.ModuleKind.CommonJS);
      const dependency = join(project, 'node_modules', 'audit');
      mkdirSync(dependency);
      writeFileSync(join(dependency, 'package.json'), JSON.stringify({ name: 'audit', main: 'index.js' }));
      translate('audit.ts', join(dependency, 'index.js'), ts.ModuleKind.CommonJS);
    }, 120_000);

    afterAll(() => rmSync(project, { recursive: true, force: true }));

    const written = {
      written: { shards: [expect.any(Number), expect.any(Number), expect.any(Number)], counted: 120 },
      whileOpen: expect.any(Number),
    };

    it('leaves no connection, socket or timer when it is closed', async () => {
      const { lines, ...end } = await ended(start(project, server, { end: 'close' }));

      expect(lines).toEqual([written, { connections: 0, resources: [] }]);
      const [{ written: rows, whileOpen }] = lines as [{ written: { shards: number[] }; whileOpen: number }];
      expect(Math.min(...rows.shards)).toBeGreaterThan(0);
      expect(whileOpen).toBeGreaterThanOrEqual(SHARDS.length);
      expect(end).toEqual({ code: 0, signal: null });
    });

    it('leaves none when one shard was down at the start, and ends by itself', async () => {
      const { lines, ...end } = await ended(start(project, server, { end: 'close', downPort: await findFreePort() }));

      expect(lines).toEqual([
        { code: 'ERR_SHARD_FAILED', shard: 'down' },
        { connections: 0, resources: [] },
      ]);
      expect(end).toEqual({ code: 0, signal: null });
    });

    it('says goodbye to the server on each connection when SIGTERM ends it', async () => {
      const before = await abortedClients(server);
      const child = start(project, server, { end: 'signal' });
      const { lines, ...end } = await ended(child, 'SIGTERM');

      expect(lines).toEqual([written]);
      expect(end).toEqual({ code: null, signal: 'SIGTERM' });
      await noConnections(server);
      expect(await abortedClients(server)).toBe(before);
    });

    it('is seen by the server when SIGKILL gives it no time for that', async () => {
      const before = await abortedClients(server);
      await ended(start(project, server, { end: 'signal' }), 'SIGKILL');

      await noConnections(server);
      expect(await abortedClients(server)).toBeGreaterThanOrEqual(before + SHARDS.length);
    });
  });
});

/** Makes JavaScript of a consumer's file; what it imports as a file beside it is a package in the project. */
function translate(file: string, to: string, module: ts.ModuleKind): void {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module, experimentalDecorators: true, emitDecoratorMetadata: true };
  const text = readFileSync(join(__dirname, 'consumers', 'nest-end', file), 'utf8').replace("'./audit.js'", "'audit'");
  writeFileSync(to, ts.transpileModule(text, { compilerOptions: { ...compilerOptions, esModuleInterop: true } }).outputText);
}

function start(project: string, { host, port, username, password }: PrivateServer, task: { end: 'close' | 'signal'; downPort?: number }) {
  const shards = SHARDS.map((name) => ({ name, host, port, username, password, database: `app_${name}` }));
  const down = task.downPort === undefined ? [] : [{ ...shards[0]!, name: 'down', port: task.downPort }];
  const options = {
    type: 'mysql',
    shards: [...shards, ...down],
    dropSchema: true,
    synchronize: true,
    autoLoadEntities: true,
    retryAttempts: 1,
    retryDelayMs: 20,
  };
  const argument = JSON.stringify({ end: task.end, address: { host, port, user: username, password }, options });
  return spawn(process.execPath, ['main.js', argument], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Waits for the end of an application. @param signal - sent once it has written a line. */
function ended(child: ReturnType<typeof start>, signal?: NodeJS.Signals): Promise<Ended> {
  let output = '';
  let faults = '';
  let isSignalled = false;
  child.stderr.setEncoding('utf8').on('data', (text) => {
    faults += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    if (signal === undefined || isSignalled || !output.includes('\n')) return;
    isSignalled = true;
    child.kill(signal);
  });
  return new Promise((done, fail) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(new Error(`The application did not end within ${DEADLINE_MS} ms. It wrote:\n${output}${faults}`));
    }, DEADLINE_MS);
    child.once('close', (code, ending) => {
      clearTimeout(timer);
      if (faults !== '') fail(new Error(faults));
      const lines = output.trim().split('\n');
      done({ code, signal: ending, lines: lines.map((line) => JSON.parse(line)) });
    });
  });
}

/** Connections that were lost and not closed, since the server was started. */
async function abortedClients(server: PrivateServer): Promise<number> {
  const [row] = await runSql(server, [
    "select variable_value as n from information_schema.global_status where variable_name = 'ABORTED_CLIENTS'",
  ]);
  return Number(row?.n);
}

async function noConnections(server: PrivateServer): Promise<void> {
  const statement = "select count(*) as n from information_schema.processlist where db like 'app%'";
  await waitUntil(async () => Number((await runSql(server, [statement]))[0]?.n) === 0, {
    what: 'the connections to be gone',
    deadlineMs: 5_000,
  });
}
