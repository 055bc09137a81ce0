import { Column, Entity, PrimaryColumn } from 'typeorm';
import { hashRing, modulo, type Placement, ReferenceTable, ranges, Sharded, ShardedDataSource, ShardKey, Unsharded } from '../../../src';
import { firstTopology } from '../../../src/live';
import { type Topology, type TopologyState, topologyOf } from '../../../src/topology';

@Entity()
export class Person {
  @PrimaryColumn() @ShardKey() name!: string;
}

@Entity()
@Sharded({ placement: hashRing({ virtualNodes: 20 }) })
export class Session {
  @PrimaryColumn() @ShardKey() name!: string;
}

@Entity()
@Sharded({
  placement: ranges([
    { from: 0, shard: 's1' },
    { from: 100, shard: 's2' },
  ]),
})
export class Event {
  @PrimaryColumn('bigint') @ShardKey() id!: string;
}

@Entity()
@ReferenceTable()
export class Country {
  @PrimaryColumn() code!: string;
}

@Entity()
@Unsharded({ shard: 's1' })
export class Setting {
  @PrimaryColumn() name!: string;
  @Column() value!: string;
}

/** A cluster that has only read its entities. */
export async function clusterOf(
  more: object,
  weights: Readonly<Record<string, number>> = { s1: 1, s2: 1, s3: 0 },
): Promise<ShardedDataSource> {
  const shards = Object.entries(weights).map(([name, weight]) => ({ name, weight }));
  const cluster = new ShardedDataSource({ type: 'sqljs', entities: [Person], shards, ...more } as never);
  return cluster.readEntities();
}

/** The topology that the first start of a cluster would store. */
export function topologyFor({ core }: ShardedDataSource, more: Partial<TopologyState> = {}): Topology {
  return topologyOf({ ...firstTopology(core), ...more }, 1);
}

/** Entities of one group, by the cluster's own placement, which must be ordered. */
@Entity()
export class Ordered {
  @PrimaryColumn('bigint') @ShardKey() id!: string;
}

export const twoByModulo: Placement = modulo(['s1', 's2']);
