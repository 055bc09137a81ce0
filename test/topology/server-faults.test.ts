import { DataSource, type DataSourceOptions } from 'typeorm';
import { type SqlTopologyOptions, type StoredTopology, sqlTopology, type TopologyStore } from '../../src/topology';
import { describeOn } from '../cluster/fixtures/describe-on';
import { type PrivateServer, runSql, serverKinds, startServer, waitUntil } from '../database';
import { findFreePort } from '../database/servers/free-port';

jest.setTimeout(60_000);

describe('A topology store whose server is not there', () => {
  it.each(['mysql', 'postgres'] as const)('throws a fault that may pass, surely without having stored anything (%s)', async (type) => {
    const store = sqlTopology({ type, host: '127.0.0.1', port: await findFreePort(), database: 'app', timeoutMs: 1_000 });
    const fault = { code: 'ERR_TOPOLOGY_STORE', retryable: true, cause: expect.anything() };

    await expect(store.read()).rejects.toMatchObject({ ...fault, operation: 'read' });
    await expect(store.compareAndSwap(null, 'a')).rejects.toMatchObject({ ...fault, operation: 'compareAndSwap' });
    await store.destroy();
  });
});

describeOn(serverKinds, 'A topology store whose server fails', (kind) => {
  let server: PrivateServer;
  let store: TopologyStore;

  const place = () => {
    const { host, port, username, password } = server;
    return { type: kind, host, port, username, password, database: 'app' };
  };
  const runInApp = async (statements: readonly string[]) => {
    const source = await new DataSource(place() as DataSourceOptions).initialize();
    try {
      for (const statement of statements) await source.query(statement);
    } finally {
      await source.destroy();
    }
  };
  const open = (more: Partial<SqlTopologyOptions> = {}) =>
    sqlTopology({ ...place(), pollMs: 20, timeoutMs: 1_000, ...more } as SqlTopologyOptions);

  beforeAll(async () => {
    server = await startServer(kind);
    await runSql(server, ['create database app']);
  }, 120_000);

  beforeEach(async () => {
    store = open();
    await store.read();
    await runInApp(['delete from _shard_topology']);
    await store.compareAndSwap(null, 'before');
  });

  afterEach(async () => {
    await store.destroy();
    await server.restart();
  });

  afterAll(() => server?.stop());

  it('throws a fault that may pass while the server is down, and goes on when it is back', async () => {
    const end = new AbortController();
    const seen: StoredTopology[] = [];
    const watching = (async () => {
      for await (const each of store.watch(end.signal)) seen.push(each);
    })();
    await waitUntil(async () => seen.length === 1, { what: 'the first topology' });

    await server.kill('SIGKILL');
    const down = { code: 'ERR_TOPOLOGY_STORE', retryable: true };
    await expect(store.read()).rejects.toMatchObject(down);
    await expect(store.heartbeat({ id: 'a', version: 1, connected: [] })).rejects.toMatchObject(down);
    await expect(store.liveClients(1_000)).rejects.toMatchObject(down);
    await expect(open().compareAndSwap(1, 'after')).rejects.toMatchObject({ ...down, operation: 'compareAndSwap' });

    await server.restart();
    const back = open();
    expect(await back.read()).toEqual({ version: 1, document: 'before' });
    expect(await back.compareAndSwap(1, 'after')).toBe('stored');
    await back.destroy();
    await waitUntil(async () => seen.at(-1)?.document === 'after', { what: 'the watch to see what was stored' });
    end.abort();
    await watching;
  });

  it('does not know what became of a swap that the server got and did not answer', async () => {
    await store.read();
    await server.kill('SIGSTOP');
    const begun = performance.now();
    expect(await store.compareAndSwap(1, 'after')).toBe('unknown');
    expect(performance.now() - begun).toBeLessThan(5_000);
    await expect(store.read()).rejects.toMatchObject({ code: 'ERR_TOPOLOGY_STORE', retryable: true });

    await server.kill('SIGCONT');
    const other = open();
    await waitUntil(async () => (await other.read())?.document === 'after', { what: 'the server to do what it was told' });
    expect(await other.compareAndSwap(1, 'late')).toBe('conflict');
    await other.destroy();
  });

  it('says surely when the database refuses a swap', async () => {
    await store.read();
    await runInApp(['alter table _shard_topology rename to gone']);
    const refused = { code: 'ERR_TOPOLOGY_STORE', retryable: false, operation: 'compareAndSwap' };
    await expect(store.compareAndSwap(1, 'after')).rejects.toMatchObject(refused);
    await runInApp(['alter table gone rename to _shard_topology']);
    expect(await store.read()).toEqual({ version: 1, document: 'before' });
  });

  it('needs no right to create tables once they are there', async () => {
    const create =
      kind === 'mariadb'
        ? ["create user if not exists 'plain'@'%' identified by 'plain'", "grant select, insert, update, delete on app.* to 'plain'@'%'"]
        : ["create role plain login password 'plain'", 'grant select, insert, update, delete on all tables in schema public to plain'];
    await runInApp(create);
    const plain = open({ username: 'plain', password: 'plain' });
    expect(await plain.compareAndSwap(1, 'after')).toBe('stored');
    expect((await plain.read())?.document).toBe('after');
    await plain.destroy();
  });
});
