export { type RouteExplanation } from './explain';
export { RoutedEntityManager } from './routed-entity-manager';
export { PROVED } from './scope';
export { type ShardedEntityManager, ShardedRepository } from './sharded-repository';
