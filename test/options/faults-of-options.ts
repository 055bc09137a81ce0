import { ConfigurationError, ShardedDataSource, type ShardedDataSourceOptions } from '../../src';

/** The faults that the constructor finds in options of any shape; none when they can be used. Nothing is opened. */
export function faultsOfOptions(options: object): readonly string[] {
  try {
    new ShardedDataSource({ entities: [], ...options } as unknown as ShardedDataSourceOptions);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}
