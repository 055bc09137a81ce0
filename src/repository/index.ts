export type { RouteExplanation } from './explain';
export { BaseLayout, type LayoutClass, type LayoutCluster, withLayoutSchemas } from './layout';
export { RoutedEntityManager } from './routed-entity-manager';
export { PROVED } from './scope';
export { type ShardedEntityManager, ShardedRepository } from './sharded-repository';
