import { EntityNotFoundError, type EntityTarget, type ObjectLiteral } from 'typeorm';

/** TypeORM's error, whose message would hold the criteria and so the key; they stay in its `criteria`. */
export function notFound(target: EntityTarget<ObjectLiteral>, criteria: unknown): never {
  throw Object.assign(new EntityNotFoundError(target, {}), { criteria });
}
