import { Injectable } from '@nestjs/common';
import type { ShardedDataSource, ShardedRepository } from 'typeorm-sharding';
import { InjectShardedDataSource, InjectShardedRepository } from 'typeorm-sharding/nestjs';
import { Country } from './country.entity';

/** A country that was written, and where. */
export interface WrittenCountry extends Country {
  readonly writtenTo: readonly string[];
}

/** Reads and writes the reference table. */
@Injectable()
export class CountriesService {
  constructor(
    @InjectShardedRepository(Country) private readonly countries: ShardedRepository<Country>,
    @InjectShardedDataSource() private readonly cluster: ShardedDataSource,
  ) {}

  /** All countries, in the order of their codes; any one shard can answer. */
  list(): Promise<Country[]> {
    return this.countries.find({ order: { code: 'ASC' } });
  }

  /** The country with this code, null where there is none. */
  find(code: string): Promise<Country | null> {
    return this.countries.findOneBy({ code });
  }

  /**
   * Writes a country to every shard. There is no common transaction: where a shard fails, the others keep what was written, and
   * repeating the call completes it.
   *
   * @throws {ShardsFailedError} naming the shards that were written and those that were not.
   */
  async put(country: Country): Promise<WrittenCountry> {
    await this.countries.upsert(country, ['code']);
    return { ...country, writtenTo: this.cluster.shards.map(({ name }) => name) };
  }
}
