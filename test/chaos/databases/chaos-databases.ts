/** What every process needs to make the cluster; it is sent as text. */
export interface ClusterDescription {
  readonly type: 'mysql' | 'postgres' | 'better-sqlite3';
  readonly shards: readonly (object & { readonly name: string })[];
  readonly topology: object;
  /** Options of the cluster's own, such as SQLite's. */
  readonly more: object;
}

/** The kinds of database that the trial runs on. */
export const chaosKinds = ['mariadb', 'postgres', 'sqlite'] as const;

/** One of them. */
export type ChaosKind = (typeof chaosKinds)[number];

/** Three shards and a store for the topology, each of which can fail alone. */
export interface ChaosDatabases {
  readonly kind: ChaosKind;
  readonly description: ClusterDescription;
  /** A directory that is deleted with them. */
  readonly directory: string;
  /** Names that {@link outage} takes: the shards and `store`. */
  readonly members: readonly string[];
  /** Takes a member away for a time: SIGKILL and a later restart; SQLite's file is locked instead. */
  outage(member: string, ms: number): Promise<void>;
  stop(): Promise<void>;
}
