import { DriverUtils } from 'typeorm/driver/DriverUtils';

/** Where a database is: a server's address, or a file. Empty for one in memory, and where only `connect` of the options knows it. */
export interface ShardAddress {
  /** Host name or address of the server. */
  readonly host?: string;
  /** Port of the server. */
  readonly port?: number;
  /** Path of the socket, where it is used instead of a port. */
  readonly socketPath?: string;
  /** Name, or file, of the database. */
  readonly database?: string;
  /** PostgreSQL's schema, where the options name one. */
  readonly schema?: string;
  /** Path of an embedded database. */
  readonly file?: string;
}

/** Reads the address out of connection options: of a `url` too, and of the master of a replication. Never a user or a password. */
export function addressOf(options: Readonly<Record<string, unknown>>): ShardAddress {
  if (options.type === 'sqljs') return fileAddress(options.location);
  if (options.type === 'better-sqlite3') return fileAddress(options.database);
  const replication = options.replication as { readonly master?: Record<string, unknown> } | undefined;
  const given: Record<string, unknown> = { ...options, ...replication?.master };
  const at: Record<string, unknown> = typeof given.url === 'string' ? DriverUtils.buildDriverOptions(given) : given;
  const texts = ['host', 'socketPath', 'database', 'schema'].flatMap((name) => (at[name] === undefined ? [] : [[name, String(at[name])]]));
  return { ...Object.fromEntries(texts), ...(at.port !== undefined && { port: Number(at.port) }) };
}

function fileAddress(path: unknown): ShardAddress {
  return typeof path === 'string' && path !== ':memory:' && path !== '' ? { file: path } : {};
}
