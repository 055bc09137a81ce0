import { DataSource, type DataSourceOptions, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { hashRing, type Placement, type RoutingTable } from '../../src';
import { buildShardingModel, type ShardedEntity } from '../../src/metadata';
import { positionOf, proveIds, proveRoute, type Related, type RouteProof, soleKey } from '../../src/query';
import type { InvalidValues } from '../../src/query/where-domain';

type Where = ObjectLiteral | readonly ObjectLiteral[] | undefined;

/** Builds metadata as a data source does, without a connection. */
class UnconnectedSource extends DataSource {
  async read(): Promise<this> {
    await this.buildMetadatas();
    return this;
  }
}

/** What can be proved of one entity's conditions, on shards `a` to `e`. */
export class Proofs {
  private constructor(
    readonly sharding: ShardedEntity,
    readonly table: RoutingTable,
    readonly invalidValues: InvalidValues,
    readonly related: Related = () => undefined,
  ) {}

  /** @param entities - the entity to prove for first, then those that it needs. */
  static async of(
    entities: readonly EntityTarget<ObjectLiteral>[],
    placement: Placement = hashRing(),
    invalidValues: InvalidValues = {},
  ): Promise<Proofs> {
    const source = await new UnconnectedSource({ type: 'sqljs', entities } as unknown as DataSourceOptions).read();
    const model = buildShardingModel(source.entityMetadatas, { schemas: [], placement });
    expect(model.faults).toEqual([]);
    const sharding = model.entities.get(source.getMetadata(entities[0]!));
    if (sharding?.kind !== 'sharded') throw new TypeError('The first entity is not sharded.');
    const related: Related = (relation) => model.entities.get(relation.inverseEntityMetadata);
    return new Proofs(sharding, placement.compile(shards), invalidValues, related);
  }

  /** The same with other rules for null and undefined. */
  withInvalidValues(invalidValues: InvalidValues): Proofs {
    return new Proofs(this.sharding, this.table, invalidValues, this.related);
  }

  of(where: Where): RouteProof {
    return proveRoute(this.sharding, where, this.table, this.invalidValues, this.related);
  }

  ofIds(...ids: readonly unknown[]): RouteProof {
    return proveIds(this.sharding, ids, this.table);
  }

  soleKey(where: ObjectLiteral): string | undefined {
    return soleKey(this.sharding, where, this.invalidValues);
  }

  /** The owner of a stored key. */
  owner(...values: readonly unknown[]): string {
    return this.table.ownerOf(positionOf(this.sharding, values));
  }

  /** The owners of several stored keys of one column, each once, sorted. */
  owners(values: readonly unknown[]): readonly string[] {
    return [...new Set(values.map((value) => this.owner(value)))].sort();
  }
}

export const shards = ['a', 'b', 'c', 'd', 'e'] as const;
