import type * as pg from 'pg';

type ConnectCallback = Parameters<pg.Pool['connect']>[0];
type EndCallback = (error?: Error) => void;

/** Wraps pg so that every pool made through it with the same server is one, ended by its last user. */
export function postgresDriver(base: typeof pg, initCommand: string | undefined) {
  const pools = new Map<string, { readonly pool: pg.Pool; users: number }>();
  // TypeORM calls `new Pool(options)`; a constructor that returns an object gives just that object.
  function Pool(options: pg.PoolConfig) {
    const key = JSON.stringify([options.host, options.port, options.database, options.user, options.connectionString]);
    const entry = pools.get(key) ?? { pool: new base.Pool(withInit(options, initCommand)), users: 0 };
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
  return Object.create(base, { Pool: { value: Pool }, native: { value: undefined } });
}

/** pg-pool's `verify` runs on each new client before it is handed out, and refuses it when it fails. */
function withInit(options: pg.PoolConfig, initCommand: string | undefined): pg.PoolConfig {
  if (initCommand === undefined) return options;
  const verify = (client: pg.PoolClient, done: (error?: Error) => void) => client.query(initCommand).then(() => done(), done);
  return { ...options, verify } as pg.PoolConfig;
}
