import type * as mysql from 'mysql2';
import pLimit from 'p-limit';
import { CANCEL_GRACE_MS, type StatementCanceller } from './statement-canceller';

type ConnectionCallback = (error: NodeJS.ErrnoException | null, connection?: mysql.PoolConnection) => void;
type EndCallback = (error?: NodeJS.ErrnoException | null) => void;

/** What TypeORM uses of a pool and of a pool cluster. */
interface Source {
  end(callback: EndCallback): void;
}

type Base = Pick<typeof mysql, 'createPool' | 'createPoolCluster'>;

/** Wraps mysql2 so that every pool made through it is one, ended by its last user, and can end statements on its servers. */
export function mysqlDriver(base: Base, initCommands: readonly string[]) {
  const servers: mysql.PoolOptions[] = [];
  const prepare = initCommands.length === 0 ? undefined : preparer(initCommands);
  const pool = shared((options: mysql.PoolOptions) => base.createPool(options));
  const cluster = shared((options: mysql.PoolClusterOptions) => base.createPoolCluster(options));
  return {
    createPool: (options: mysql.PoolOptions) => {
      const used = pool.open(options);
      servers.push(options);
      return {
        getConnection: (callback: ConnectionCallback) => used.getConnection(handing(callback, prepare)),
        end: pool.closer(),
      };
    },
    createPoolCluster: (options: mysql.PoolClusterOptions) => {
      const used = cluster.open(options);
      return {
        add: (name: string, credentials: mysql.PoolOptions) => {
          servers.push(credentials);
          used.add(name, credentials);
        },
        getConnection: (pattern: string, callback: ConnectionCallback) => used.getConnection(pattern, handing(callback, prepare)),
        end: cluster.closer(),
      };
    },
    ...mysqlCanceller(base, servers),
  };
}

/** @param servers - the options of the servers that connections were made with. */
function mysqlCanceller(base: Base, servers: readonly mysql.PoolOptions[]): StatementCanceller {
  // One at a time, so that a database never has more than one connection beyond its pool.
  const limit = pLimit(1);
  return {
    cancelStatement: (connection) =>
      limit(async () => {
        const { threadId, config } = connection as mysql.PoolConnection;
        const server = servers.find(({ host, port }) => servers.length === 1 || (host === config.host && (port ?? 3306) === config.port));
        const aside = base.createPool({ ...server, connectionLimit: 1, connectTimeout: CANCEL_GRACE_MS });
        try {
          await ask(aside, `KILL QUERY ${Number(threadId)}`);
        } finally {
          await new Promise<void>((ended) => aside.end(() => ended()));
        }
      }),
    absorbCancel: (connection) => ask(connection as mysql.PoolConnection, 'DO 0'),
    closeConnection: (connection) => (connection as mysql.PoolConnection).destroy(),
  };
}

function ask(connection: mysql.Pool | mysql.PoolConnection, sql: string): Promise<void> {
  return new Promise((answered, failed) => connection.query(sql, (error) => (error ? failed(error) : answered())));
}

/** Counts the users of one source, which exists while there is any. */
function shared<O, S extends Source>(create: (options: O) => S) {
  let source: S | undefined;
  let users = 0;
  return {
    open(options: O): S {
      users += 1;
      source ??= create(options);
      return source;
    },
    closer: () => {
      let closed = false;
      return (callback: EndCallback = () => undefined) => {
        if (closed) return callback();
        closed = true;
        users -= 1;
        const last = source;
        if (users > 0 || !last) return callback();
        source = undefined;
        return last.end(callback);
      };
    },
  };
}

type Prepare = (connection: mysql.PoolConnection, done: (error: NodeJS.ErrnoException | null) => void) => void;

/** Runs the statements once on each connection, before its first use; a connection on which one fails is not used. */
function preparer(initCommands: readonly string[]): Prepare {
  const prepared = new WeakSet<object>();
  return (connection, done) => {
    const physical = (connection as { readonly connection?: object }).connection ?? connection;
    if (prepared.has(physical)) return done(null);
    runInTurn(connection, initCommands, (error) => {
      if (error) connection.destroy();
      else prepared.add(physical);
      done(error);
    });
  };
}

function runInTurn(
  connection: mysql.PoolConnection,
  [first, ...rest]: readonly string[],
  done: (error: NodeJS.ErrnoException | null) => void,
): void {
  if (first === undefined) done(null);
  else connection.query(first, (error) => (error ? done(error) : runInTurn(connection, rest, done)));
}

function handing(
  callback: ConnectionCallback,
  prepare: Prepare | undefined,
): (error: NodeJS.ErrnoException | null, connection: mysql.PoolConnection) => void {
  if (!prepare) return callback;
  return (error, connection) => {
    if (error) return callback(error);
    prepare(connection, (failure) => (failure ? callback(failure) : callback(null, connection)));
  };
}
