import { Readable } from 'node:stream';
import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { ScatterUnsupportedError } from '../../errors';
import { masked } from '../../live';
import {
  type ScatterCall,
  scatterCount,
  scatterExists,
  scatterGrouped,
  scatterMany,
  scatterManyAndCount,
  scatterOne,
  scatterRaw,
  scatterRawAndEntities,
} from '../../scatter';
import type { CallRoute } from '../call-router';
import { notFound } from '../not-found';
import { type Built, mainEntity, mainSharding, targetOf } from './built';
import { readRoute } from './built-route';
import { type Selection, selectFeature, selectionOf } from './features';
import { refuseForeignJoins } from './joins';
import { refuseLeavingLoads } from './leaving-loads';
import { replay } from './recording';
import { shardStream } from './shard-stream';

type Select = SelectQueryBuilder<ObjectLiteral>;

/** How one member of a select builder answers. */
interface Terminal<T> {
  readonly operation: string;
  /** The answer when no shard can have one. */
  readonly none: () => T;
  readonly one: (builder: Select) => Promise<T>;
  readonly several: (call: ScatterCall, selection: Selection) => Promise<T>;
  /** What the member cannot do over several shards; undefined when nothing. */
  readonly unsupported: (built: Built, selection: Selection) => string | undefined;
}

/** The members of a select builder that run it, by name. */
export const SELECTS: ReadonlyMap<string, (built: Built) => Promise<unknown>> = new Map(
  Object.entries({
    getMany: (built) => run(built, GET_MANY),
    getOne: (built) => run(built, GET_ONE),
    getOneOrFail: async (built) => (await run(built, { ...GET_ONE, operation: 'getOneOrFail' })) ?? missing(built),
    getCount: (built) => run(built, GET_COUNT),
    getManyAndCount: (built) => run(built, GET_MANY_AND_COUNT),
    getExists: (built) => run(built, GET_EXISTS),
    getRawMany: async (built) => shownRows(built, await run(built, GET_RAW_MANY)),
    getRawOne: async (built) => shownRows(built, await run(built, { ...GET_RAW_MANY, operation: 'getRawOne' }))[0],
    getRawAndEntities: (built) => run(built, GET_RAW_AND_ENTITIES),
    execute: async (built) =>
      shownRows(built, await run(built, { ...GET_RAW_MANY, operation: 'execute', one: (builder) => builder.execute() })),
    stream,
  } satisfies Record<string, (built: Built) => Promise<unknown>>),
);

/** An asterisk selects the position column too, which no one but the library should see. */
function shownRows({ mirror, router }: Built, rows: ObjectLiteral[]): ObjectLiteral[] {
  const hasAll = mirror.expressionMap.selects.some(({ selection }) => /(^|\.)\*$/.test(selection.trim()));
  if (hasAll) for (const row of rows) delete row[router.core.options.positionColumn];
  return rows;
}

async function run<T>(built: Built, terminal: Terminal<T>): Promise<T> {
  const selection = selectionOf(built.mirror);
  const route = readRoute(built);
  refuseForeignJoins(built, route, terminal.operation);
  refuseLeavingLoads(built, terminal.operation);
  const [only, other] = route.shards;
  // The rows of a stream come after the call has given its connection back.
  const isGuardedStream = terminal.operation === 'stream' && 'mustLock' in route.access && route.byEntity;
  if (only && !other && !isGuardedStream) return route.access.run(only, (manager) => terminal.one(selectOn(built, manager)));
  if (!only) return isAnswered(terminal, selection) ? runAnywhere(built, terminal) : terminal.none();
  return scatter(built, route.byEntity as CallRoute, selection, terminal);
}

function scatter<T>(built: Built, route: CallRoute, selection: Selection, terminal: Terminal<T>): Promise<T> {
  const feature = selectFeature(built) ?? selection.unsupported ?? terminal.unsupported(built, selection);
  const { sharding, shards } = route;
  if (feature !== undefined) throw new ScatterUnsupportedError(sharding.metadata.name, terminal.operation, feature);
  const recipe = (manager: EntityManager) => selectOn(built, manager);
  return built.router.scatter(terminal.operation, route, (access) =>
    terminal.several({ operation: terminal.operation, sharding, shards, access, recipe }, selection),
  );
}

/** Aggregates answer with a row even of no rows, which any shard can make of its own. */
function isAnswered<T>(terminal: Terminal<T>, { isOneRow }: Selection): boolean {
  return isOneRow && Array.isArray(terminal.none());
}

function runAnywhere<T>(built: Built, terminal: Terminal<T>): Promise<T> {
  const { router } = built;
  const shard = router.access.pinned ?? router.core.owners.find(({ isOpen }) => isOpen) ?? router.core.owners[0];
  if (!shard) return Promise.resolve(terminal.none());
  return router.access.run(shard, (manager) => terminal.one(selectOn(built, manager)));
}

function selectOn(built: Built, manager: EntityManager): Select {
  const select = replay(built.recording, manager) as Select;
  const sharding = mainSharding(built);
  return sharding ? masked(built.router.core, sharding, select) : select;
}

function missing({ mirror }: Built): never {
  const metadata = mainEntity(mirror);
  return notFound(metadata ? targetOf(metadata) : mirror.alias, mirror.getParameters());
}

/** Groups make no entities, and what they hold is only known when all shards have answered. */
function groupFeature({ mirror }: Built): string | undefined {
  if (mirror.expressionMap.groupBys.length > 0) return 'GROUP BY';
  return mirror.expressionMap.havings.length > 0 ? 'HAVING' : undefined;
}

/** Some databases would give an entity of any row beside an aggregate of all. */
function entityFeature(built: Built, { gathered }: Selection): string | undefined {
  return groupFeature(built) ?? gathered;
}

const GET_MANY: Terminal<ObjectLiteral[]> = {
  operation: 'getMany',
  none: () => [],
  one: (builder) => builder.getMany(),
  several: scatterMany,
  unsupported: entityFeature,
};

const GET_ONE: Terminal<ObjectLiteral | null> = {
  operation: 'getOne',
  none: () => null,
  one: (builder) => builder.getOne(),
  several: scatterOne,
  unsupported: entityFeature,
};

const GET_COUNT: Terminal<number> = {
  operation: 'getCount',
  none: () => 0,
  one: (builder) => builder.getCount(),
  several: scatterCount,
  unsupported: groupFeature,
};

const GET_MANY_AND_COUNT: Terminal<[ObjectLiteral[], number]> = {
  operation: 'getManyAndCount',
  none: () => [[], 0],
  one: (builder) => builder.getManyAndCount(),
  several: scatterManyAndCount,
  unsupported: entityFeature,
};

const GET_EXISTS: Terminal<boolean> = {
  operation: 'getExists',
  none: () => false,
  one: (builder) => builder.getExists(),
  several: scatterExists,
  unsupported: groupFeature,
};

const GET_RAW_MANY: Terminal<ObjectLiteral[]> = {
  operation: 'getRawMany',
  none: () => [],
  one: (builder) => builder.getRawMany(),
  several: (call, { isGrouped }) => (isGrouped ? scatterGrouped(call) : scatterRaw(call)),
  unsupported: () => undefined,
};

const GET_RAW_AND_ENTITIES: Terminal<{ raw: ObjectLiteral[]; entities: ObjectLiteral[] }> = {
  operation: 'getRawAndEntities',
  none: () => ({ raw: [], entities: [] }),
  one: (builder) => builder.getRawAndEntities(),
  several: scatterRawAndEntities,
  unsupported: (built, selection) => groupFeature(built) ?? (selection.isGrouped ? 'an aggregate or DISTINCT' : undefined),
};

/** Streams of several shards come one after another; a shard is not asked before the consumer has reached it. */
async function stream(built: Built): Promise<Readable> {
  const terminal: Terminal<Readable> = {
    operation: 'stream',
    none: () => Readable.from([]),
    one: (builder) => builder.stream() as Promise<Readable>,
    several: async (call) => Readable.from(rowsOf(call)),
    unsupported: ({ mirror }, { isGrouped }) => streamFeature(mirror.expressionMap, isGrouped),
  };
  return run(built, terminal);
}

function streamFeature(map: Built['mirror']['expressionMap'], isGrouped: boolean): string | undefined {
  if (Object.keys(map.allOrderBys).length > 0) return 'an order';
  if (isGrouped) return 'groups, an aggregate or DISTINCT';
  return [map.limit, map.offset, map.take, map.skip].some((each) => each !== undefined) ? 'a page' : undefined;
}

async function* rowsOf({ shards, access, recipe }: ScatterCall): AsyncGenerator<unknown> {
  for (const shard of shards) {
    for await (const row of shardStream(shard, recipe)) {
      access.admitRows(1);
      yield row;
    }
  }
}
