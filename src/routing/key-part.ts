/** How a column of the shard key is understood, and so which text stands for its value. */
export type KeyType = 'integer' | 'string' | 'uuid' | 'date';

/** The value of one column of a shard key. */
export type ShardKeyPart = string | number | bigint | Date;

/** A whole shard key: one value, or several in the declared order, or several by property name. */
export type ShardKeyValue = ShardKeyPart | readonly ShardKeyPart[] | Readonly<Record<string, ShardKeyPart>>;

/** What routing knows of one column of a shard key. */
export interface KeyPart {
  /** What the key belongs to, for example `User.guid`; for messages only. */
  readonly property: string;
  readonly type: KeyType;
  /** The most characters (code points) that the column holds; strings only. */
  readonly maxLength?: number;
  /** Whether the database ignores trailing blanks when it compares, so that keys with them must be refused; strings only. */
  readonly padded?: boolean;
  /** Whether the column holds days without a time, which databases cut from a time by the zone of the process; dates only. */
  readonly dayOnly?: boolean;
  /** Maps every spelling that the database holds for equal to one; strings only. It must be pure. */
  readonly normalize?: (value: string) => string;
}
