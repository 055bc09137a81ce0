import 'reflect-metadata';
import { EntitySchema, type EntityTarget, type ObjectLiteral, Repository } from 'typeorm';

const REPOSITORY_OF = Symbol.for('typeorm-sharding:repository-of');

/**
 * Says which entity a repository class is for, so that `ShardingModule.forFeature([UserRepository])` can provide it.
 *
 * The class keeps TypeORM's constructor `(target, manager, queryRunner)`.
 */
export function RepositoryOf(entity: EntityTarget<ObjectLiteral>): ClassDecorator {
  return (repository) => Reflect.defineMetadata(REPOSITORY_OF, entity, repository);
}

/** The entity of a repository class; undefined without {@link RepositoryOf}. */
export function entityOfRepository(repository: object): EntityTarget<ObjectLiteral> | undefined {
  return Reflect.getMetadata(REPOSITORY_OF, repository);
}

/** Whether a class is a repository, and no entity. */
export function isRepositoryClass(candidate: unknown): candidate is new (...args: unknown[]) => Repository<ObjectLiteral> {
  return typeof candidate === 'function' && candidate.prototype instanceof Repository;
}

/** How an entity or repository class is named in messages. */
export function nameOf(entity: unknown): string {
  if (entity instanceof EntitySchema) return entity.options.name;
  return typeof entity === 'function' ? entity.name : String(entity);
}
