import { Column, Entity, PrimaryColumn } from 'typeorm';
import { modulo, ReferenceTable, Sharded, type ShardedDataSource, ShardKey } from '../../src';
import { sqlTopology, type TopologyStore } from '../../src/topology';
import { startCluster } from '../cluster/fixtures/clusters';
import type { TestDatabases } from '../database';

/** By the hash of its name. */
@Entity()
export class Owner {
  @PrimaryColumn() @ShardKey() name!: string;
}

/** Beside its owner; the primary key does not tell which. */
@Entity()
export class Thing {
  @PrimaryColumn('int') id!: number;
  @Column() @ShardKey(() => Owner) ownerName!: string;
}

/** By its id itself. */
@Entity()
@Sharded({ placement: modulo(['s1', 's2']) })
export class Topic {
  @PrimaryColumn('bigint') @ShardKey() id!: string;
}

@Entity()
@ReferenceTable()
export class Country {
  @PrimaryColumn() code!: string;
  @Column('int', { default: 0 }) people!: number;
}

/** A cluster of s1, s2 and s3, of which the last owns nothing yet. */
export function startThree(
  databases: TestDatabases,
  topology: TopologyStore = sqlTopology({ type: 'sqljs' }),
  more: object = {},
): Promise<ShardedDataSource> {
  const shards = databases.shards.map(({ name, options }, index) => ({ name, ...options, weight: index === 2 ? 0 : 1 }));
  return startCluster(databases, { shards, entities: [Owner, Thing, Topic, Country], synchronize: true, topology, ...more });
}
