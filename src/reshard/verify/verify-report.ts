import type { RowDifference } from '../rows';

/** Something that a shard says otherwise than the topology, or another shard. */
export interface VerifyFault {
  /** Name of the shard. */
  readonly shard: string;
  /** What differs. */
  readonly kind: 'notProvisioned' | 'ownership' | 'guards' | 'identity' | 'reference';
  /** A sentence for people; without keys and rows. */
  readonly message: string;
}

/** How a reference table on one shard differs from that on the first. */
export interface VerifiedReference {
  /** Name of the shard. */
  readonly shard: string;
  /** Name of the table. */
  readonly table: string;
  /** Rows that are not there. */
  readonly missing: number;
  /** Rows that are only there. */
  readonly surplus: number;
  /** Rows that are there with other values. */
  readonly different: number;
  /** Row by row with primary keys, when they were asked for. */
  readonly rows?: readonly RowDifference[];
}

/** What `cluster.reshard.verify()` found. */
export interface VerifyReport {
  /** Whether nothing differs. */
  readonly isWell: boolean;
  /** The topology version that all was compared with. */
  readonly version: number;
  /** Everything that differs. */
  readonly faults: readonly VerifyFault[];
  /** Tables that differ only. */
  readonly references: readonly VerifiedReference[];
}
