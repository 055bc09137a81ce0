export type { RouteExplanation } from './explain';
export type { FindPageOptions } from './find-page';
export type { IterateOptions } from './iterate';
export { BaseLayout, type LayoutClass, type LayoutCluster, withLayoutSchemas } from './layout';
export { LazyBatches } from './relations/lazy-batches';
export { RoutedEntityManager } from './routed-entity-manager';
export { PROVED } from './scope';
export { type ShardedEntityManager, ShardedRepository } from './sharded-repository';
