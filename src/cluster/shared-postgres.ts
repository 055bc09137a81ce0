import pLimit from 'p-limit';
import type * as pg from 'pg';
import { CANCEL_GRACE_MS, type StatementCanceller } from './statement-canceller';

type ConnectCallback = Parameters<pg.Pool['connect']>[0];
type EndCallback = (error?: Error) => void;

/** Wraps pg so that every pool made through it with the same server is one, ended by its last user, and can end statements there. */
export function postgresDriver(base: typeof pg, initCommands: readonly string[]) {
  const pools = new Map<string, { readonly pool: pg.Pool; users: number }>();
  const servers = new WeakMap<object, pg.PoolConfig>();
  const open = (options: pg.PoolConfig) => {
    const pool = new base.Pool(withInit(options, initCommands));
    pool.on('connect', (client) => servers.set(client, options));
    return { pool, users: 0 };
  };
  // TypeORM calls `new Pool(options)`; a constructor that returns an object gives just that object.
  function Pool(options: pg.PoolConfig) {
    const key = JSON.stringify([options.host, options.port, options.database, options.user, options.connectionString]);
    const entry = pools.get(key) ?? open(options);
    pools.set(key, entry);
    entry.users += 1;
    let closed = false;
    return {
      on: (event: 'error', listener: (error: Error) => void) => {
        if (entry.pool.listenerCount(event) === 0) entry.pool.on(event, listener);
      },
      connect: (callback: ConnectCallback) => entry.pool.connect(callback),
      end: (callback: EndCallback) => {
        if (closed) return callback();
        closed = true;
        entry.users -= 1;
        if (entry.users > 0) return callback();
        pools.delete(key);
        entry.pool.end().then(() => callback(), callback);
      },
    };
  }
  // Defined rather than assigned, because pg has a getter for `native`, which TypeORM would take instead of this.
  const driver = Object.create(base, { Pool: { value: Pool }, native: { value: undefined } });
  return Object.assign(driver, postgresCanceller(base, servers));
}

/** @param servers - what each client was connected with. */
function postgresCanceller(base: typeof pg, servers: WeakMap<object, pg.PoolConfig>): StatementCanceller {
  // One at a time, so that a database never has more than one connection beyond its pool.
  const limit = pLimit(1);
  return {
    cancelStatement: (connection) =>
      limit(async () => {
        const { processID } = connection as { readonly processID?: unknown };
        const aside = new base.Pool({ ...servers.get(connection as object), max: 1, connectionTimeoutMillis: CANCEL_GRACE_MS });
        // The statement fails as well; without a listener the event would end the process.
        aside.on('error', () => undefined);
        try {
          await aside.query('SELECT pg_cancel_backend($1)', [processID]);
        } finally {
          await aside.end();
        }
      }),
    absorbCancel: async (connection) => void (await (connection as pg.Client).query('SELECT 1')),
    // How it ends does not matter any more; the pool drops a client that has been ended when it gets it back.
    closeConnection: (connection) => void (connection as pg.Client).end().catch(() => undefined),
  };
}

/** pg-pool's `verify` runs on each new client before it is handed out, and refuses it when it fails. */
function withInit(options: pg.PoolConfig, initCommands: readonly string[]): pg.PoolConfig {
  if (initCommands.length === 0) return options;
  const runAll = async (client: pg.PoolClient) => {
    // Nobody listens to a new client yet: an event of a connection that breaks now would end the process. The statement fails as well.
    const ignored = () => undefined;
    client.on('error', ignored);
    for (const initCommand of initCommands) await client.query(initCommand);
    client.off('error', ignored);
  };
  const verify = (client: pg.PoolClient, done: (error?: Error) => void) => runAll(client).then(() => done(), done);
  return { ...options, verify } as pg.PoolConfig;
}
