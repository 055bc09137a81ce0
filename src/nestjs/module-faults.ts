import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { getDataSourceToken, getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { nameOf } from './repository-of.decorator.js';
import { getShardedDataSourceToken } from './tokens.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;

/** What a cluster is about to provide in an application. */
export interface Provided {
  readonly cluster: string;
  readonly entities: readonly EntityTarget<ObjectLiteral>[];
  readonly provideDataSource: boolean;
}

/** One sentence for each thing that two modules of the application would provide. */
export function moduleFaults(modules: ModulesContainer, provided: Provided): readonly string[] {
  const all = [...modules.values()];
  return [...sameName(all, provided), ...sameDataSource(all, provided), ...sameEntities(all, provided)];
}

function sameName(modules: readonly NestModule[], { cluster }: Provided): readonly string[] {
  const makers = modules.filter(({ providers }) => providers.has(getShardedDataSourceToken(cluster)));
  if (makers.length < 2) return [];
  return [`${makers.length} modules make a cluster named "${cluster}". Give each ShardingModule.forRoot a name of its own.`];
}

function sameDataSource(modules: readonly NestModule[], { cluster, provideDataSource }: Provided): readonly string[] {
  const token = getDataSourceToken(cluster) as InjectionToken;
  const makers = modules.filter(({ providers }) => providers.has(token));
  if (!provideDataSource || makers.length < 2) return [];
  return [
    `provideDataSource makes the cluster "${cluster}" the data source of that name, which TypeOrmModule.forRoot provides too. ` +
      'Leave provideDataSource out, or give one of them another name.',
  ];
}

function sameEntities(modules: readonly NestModule[], { entities }: Provided): readonly string[] {
  const ordinary = modules.filter(({ metatype }) => metatype === TypeOrmModule);
  return entities.flatMap((entity) =>
    ordinary.flatMap((module) =>
      dataSourcesOf(module)
        .filter((name) =>
          module.providers.has(getRepositoryToken(entity as Parameters<typeof getRepositoryToken>[0], name) as InjectionToken),
        )
        .map((name) => sameEntity(nameOf(entity), name)),
    ),
  );
}

function sameEntity(entity: string, dataSource: string): string {
  const name = dataSource === 'default' ? '' : `'${dataSource}'`;
  return (
    `${entity} is in forFeature of both ShardingModule and TypeOrmModule. Leave it out of TypeOrmModule.forFeature; ` +
    `its old table is reached by @InjectDataSource(${name}) and getRepository(${entity}).`
  );
}

/** The names of the data sources that a `TypeOrmModule.forFeature` takes its repositories from. */
function dataSourcesOf({ providers }: NestModule): readonly string[] {
  const tokens = [...providers.values()].flatMap(({ inject }) => inject ?? []);
  const names = tokens.flatMap((token) => {
    if (token === DataSource) return ['default'];
    return typeof token === 'string' && token.endsWith('DataSource') ? [token.slice(0, -'DataSource'.length)] : [];
  });
  return [...new Set(names)];
}
