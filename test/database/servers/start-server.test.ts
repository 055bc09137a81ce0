import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type PrivateServer, runSql, serverKinds, startServer, waitUntil } from '..';
import { findFreePort } from './free-port';

interface HeldServer {
  readonly kind: string;
  readonly pid: number;
  readonly directory: string;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts servers from a plain Node process, which then waits. */
async function holdServers(kinds: readonly string[]) {
  const fixtures = join(__dirname, '..', 'fixtures');
  const args = ['--require', join(fixtures, 'run-typescript.js'), join(fixtures, 'hold-servers.ts'), ...kinds];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  return { parent, servers: JSON.parse(line.toString()) as HeldServer[] };
}

describe('findFreePort', () => {
  it('never gives a port twice', async () => {
    const ports = await Promise.all(Array.from({ length: 200 }, findFreePort));

    expect(new Set(ports).size).toBe(200);
  });
});

for (const kind of serverKinds) {
  describe(`A private ${kind} server`, () => {
    let server: PrivateServer;

    beforeAll(async () => {
      server = await startServer(kind);
    }, 60_000);

    afterAll(() => server.stop());

    it('lets nobody in without the password', async () => {
      await expect(runSql({ ...address(server), password: '' }, ['select 1'])).rejects.toThrow(/denied|password/i);
      await expect(runSql({ ...address(server), username: 'root', password: '' }, ['select 1'])).rejects.toThrow(/denied|password|role/i);
    });

    it('keeps what was acknowledged through kill -9 and answers on the same port after restart()', async () => {
      const { port, pid } = server;
      await runSql(server, ['create schema kept', 'create table kept.numbers (n int)', 'insert into kept.numbers values (7)']);
      await server.kill('SIGKILL');
      expect(server.pid).toBeUndefined();
      expect(isAlive(pid!)).toBe(false);
      await expect(runSql(server, ['select 1'])).rejects.toThrow(/ECONNREFUSED/);

      await server.restart();

      expect(server.port).toBe(port);
      expect(await runSql(server, ['select n from kept.numbers'])).toEqual([{ n: 7 }]);
    });

    it('does not answer while it is stopped, and answers what was asked meanwhile when it goes on', async () => {
      await server.kill('SIGSTOP');
      const answer = runSql(server, ['select 1 as one']);
      const answered = jest.fn();
      void answer.then(answered);
      await expect(waitUntil(() => answered.mock.calls.length > 0, { what: 'an answer', deadlineMs: 200 })).rejects.toThrow('Gave up');

      await server.kill('SIGCONT');

      expect(await answer).toEqual([{ one: 1 }]);
    });

    it('ends in good order by SIGTERM', async () => {
      await server.kill('SIGTERM');

      expect(server.pid).toBeUndefined();
      await server.restart();
    });

    it('is gone after stop(), with its directory', async () => {
      const { pid, directory } = server;

      await server.stop();

      expect(isAlive(pid!)).toBe(false);
      expect(existsSync(directory)).toBe(false);
    });
  });
}

if (serverKinds.length > 0) {
  describe('Servers whose parent was killed with SIGKILL', () => {
    it('are ended and deleted, a stopped one as well', async () => {
      const { parent, servers } = await holdServers(serverKinds);
      expect(servers.every(({ pid, directory }) => isAlive(pid) && existsSync(directory))).toBe(true);

      parent.kill('SIGKILL');

      await waitUntil(() => servers.every(({ pid, directory }) => !isAlive(pid) && !existsSync(directory)), { what: 'the servers to go' });
    }, 60_000);
  });
}

function address({ kind, host, port, username, password }: PrivateServer) {
  return { kind, host, port, username, password };
}
