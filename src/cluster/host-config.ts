import { hashRing, type Placement } from '../routing';
import type { ShardOptions } from './sharded-data-source-options';

/** One database server in the settings of MysqlConsistenceHashRing. */
export interface HostConfig {
  /** Host name or address. */
  readonly host: string;
  /** Port of the server. */
  readonly port: number;
  /** Name of the database. */
  readonly db: string;
  /** Name to connect by. */
  readonly user: string;
  /** Password to connect with. */
  readonly passwd: string;
  /** A statement for each new connection. */
  readonly init_command?: string;
  /** Names of the partitions; none or an empty list: the database is one member. */
  readonly partitions?: readonly (number | string)[];
}

/** Settings of {@link fromHostConfig}. */
export interface HostConfigOptions {
  /**
   * How members of the ring are named where no partitions are given, which decides where keys go.
   *
   * * `published`: `host:port`, with tables of their own name; the project's published row counts are made so
   * * `current`: `host:port:`, with tables ending in `_p`; the project's latest code does so
   *
   * With partitions both say `host:port:partition`.
   */
  readonly naming: 'published' | 'current';
}

/**
 * Turns the settings of MysqlConsistenceHashRing into options for a `ShardedDataSource` that finds every key where that project
 * put it: the classic ring of 160 virtual nodes for each member.
 *
 * @returns What to spread into the options, beside `entities`.
 */
export function fromHostConfig(
  config: { readonly hosts: readonly HostConfig[] },
  options: HostConfigOptions,
): { readonly type: 'mysql'; readonly shards: readonly ShardOptions[]; readonly placement: Placement } {
  const shards = config.hosts.map((host) => {
    const partitions = host.partitions && host.partitions.length > 0 ? host.partitions : options.naming === 'current' ? [''] : undefined;
    return {
      name: `${host.host}:${host.port}`,
      host: host.host,
      port: host.port,
      database: host.db,
      username: host.user,
      password: host.passwd,
      ...(host.init_command !== undefined && { initCommand: host.init_command }),
      ...(partitions && { partitions }),
    };
  });
  return { type: 'mysql', shards, placement: hashRing({ virtualNodes: 160 }) };
}
