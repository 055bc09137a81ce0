/** Where one shard's database is, and who connects. */
export interface ShardAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

const ADDRESS = /^([a-z][a-z0-9-]*)=(mysql:\/\/.+)$/;

/**
 * Reads a list of addresses, each `name=mysql://user:password@host:port/database`, separated by blanks.
 *
 * @returns undefined where the text is no such list, or a name occurs twice.
 */
export function parseShardAddresses(text: string): readonly ShardAddress[] | undefined {
  const addresses = text.trim().split(/\s+/).map(parseShardAddress);
  const known = addresses.filter((address) => address !== undefined);
  const names = new Set(known.map(({ name }) => name));
  return known.length === addresses.length && names.size === known.length ? known : undefined;
}

function parseShardAddress(text: string): ShardAddress | undefined {
  const [, name, address] = ADDRESS.exec(text) ?? [];
  if (name === undefined || address === undefined || !URL.canParse(address)) return undefined;
  const { hostname, port, pathname, username, password } = new URL(address);
  const database = pathname.slice(1);
  if (hostname === '' || !/^\w+$/.test(database) || username === '') return undefined;
  const [user, secret] = [decoded(username), decoded(password)];
  if (user === undefined || secret === undefined) return undefined;
  return { name, host: hostname, port: Number(port || 3306), database, username: user, password: secret };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // A % that begins no character.
  }
}
