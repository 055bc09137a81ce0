import type * as mysql from 'mysql2';

type ConnectionCallback = (error: NodeJS.ErrnoException | null, connection?: mysql.PoolConnection) => void;
type EndCallback = (error?: NodeJS.ErrnoException | null) => void;

/** What TypeORM uses of a pool and of a pool cluster. */
interface Source {
  end(callback: EndCallback): void;
}

/** Wraps mysql2 so that every pool made through it is one, ended by its last user. */
export function mysqlDriver(base: Pick<typeof mysql, 'createPool' | 'createPoolCluster'>, initCommand: string | undefined) {
  const prepare = initCommand === undefined ? undefined : preparer(initCommand);
  const pool = shared((options: mysql.PoolOptions) => base.createPool(options));
  const cluster = shared((options: mysql.PoolClusterOptions) => base.createPoolCluster(options));
  return {
    createPool: (options: mysql.PoolOptions) => {
      const used = pool.open(options);
      return {
        getConnection: (callback: ConnectionCallback) => used.getConnection(handing(callback, prepare)),
        end: pool.closer(),
      };
    },
    createPoolCluster: (options: mysql.PoolClusterOptions) => {
      const used = cluster.open(options);
      return {
        add: (name: string, credentials: mysql.PoolOptions) => used.add(name, credentials),
        getConnection: (pattern: string, callback: ConnectionCallback) => used.getConnection(pattern, handing(callback, prepare)),
        end: cluster.closer(),
      };
    },
  };
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

/** Runs the statement once on each connection, before its first use; a connection on which it fails is not used. */
function preparer(initCommand: string): Prepare {
  const prepared = new WeakSet<object>();
  return (connection, done) => {
    const physical = (connection as { readonly connection?: object }).connection ?? connection;
    if (prepared.has(physical)) return done(null);
    connection.query(initCommand, (error) => {
      if (error) connection.destroy();
      else prepared.add(physical);
      done(error);
    });
  };
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
