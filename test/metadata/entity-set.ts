import { Entity } from 'typeorm';
import { ConfigurationError, type DescribeOptions, describeSharding, type ShardingDescription } from '../../src';

type Entities = Parameters<typeof describeSharding>[0];

/** What is understood of a set of entities, by the entity's name. */
export async function descriptionsOf(entities: Entities, options?: DescribeOptions): Promise<Record<string, ShardingDescription>> {
  const descriptions = await describeSharding(entities, options);
  return Object.fromEntries(descriptions.map((description) => [description.entity, description]));
}

/** The faults of a set of entities; none when it can be used. */
export async function faultsOf(entities: Entities, options?: DescribeOptions): Promise<readonly string[]> {
  try {
    await describeSharding(entities, options);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

/** The kinds of database for which metadata can be built without one. */
export const dialects = ['mysql', 'mariadb', 'postgres', 'better-sqlite3', 'sqljs'] as const;

/** Makes an entity class of a name by applying decorators, for tests that go through many. */
export function entityOf(
  name: string,
  properties: Readonly<Record<string, readonly PropertyDecorator[]>>,
  ...decorators: readonly ClassDecorator[]
): new () => object {
  const made = { [name]: class {} }[name] as new () => object;
  for (const [property, own] of Object.entries(properties)) for (const decorate of own) decorate(made.prototype, property);
  for (const decorate of [Entity(), ...decorators]) decorate(made);
  return made;
}
