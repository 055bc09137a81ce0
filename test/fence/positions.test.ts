import { Entity, type EntityMetadata, PrimaryColumn } from 'typeorm';
import { ConfigurationError, ranges, Sharded, ShardedDataSource, ShardKey } from '../../src';
import type { ShardDataSource } from '../../src/cluster';
import { guardedTables } from '../../src/fence';
import { positionExpression } from '../../src/fence/position-expression';
import type { ShardedEntity } from '../../src/metadata';
import { integerPosition } from '../../src/routing';
import { startCluster } from '../cluster/fixtures/clusters';
import { createDatabases, type DatabaseKind, sampledKinds } from '../database';

const placement = ranges([{ from: '0001-01-01', shard: 's1' }]);

@Entity()
@Sharded({ placement })
class Day {
  @PrimaryColumn('date') @ShardKey() day!: string;
}

/** Columns of times by kind of database; undefined where their position cannot be told. */
const TIMES: Readonly<Record<DatabaseKind, readonly [type: 'datetime' | 'timestamp' | 'timestamptz', isTold: boolean][]>> = {
  'better-sqlite3': [['datetime', true]],
  sqljs: [['datetime', true]],
  mariadb: [
    ['datetime', false],
    ['timestamp', false],
  ],
  postgres: [
    ['timestamptz', true],
    ['timestamp', false],
  ],
};

function timed(type: 'datetime' | 'timestamp' | 'timestamptz') {
  @Entity()
  @Sharded({ placement })
  class Event {
    @PrimaryColumn({ type, precision: 3 }) @ShardKey() at!: Date;
  }
  return Event;
}

describe.each(sampledKinds)('The position of a date in SQL (%s)', (kind) => {
  const withMember = async (
    entities: (new () => object)[],
    work: (source: ShardDataSource, cluster: ShardedDataSource) => Promise<void>,
  ) => {
    const databases = await createDatabases(kind, 1);
    const cluster = await startCluster(databases, { entities, synchronize: true });
    try {
      await work(cluster.shards[0]!.dataSource as ShardDataSource, cluster);
    } finally {
      await cluster.destroy();
      await databases.stop();
    }
  };

  /** Computes the guard's expression for each stored row. */
  const positions = async (source: ShardDataSource, group: string) => {
    const [table] = guardedTables(source, [{ name: group, lookUp: 'range' }]);
    const expression = table!.position('NEW').replaceAll('NEW.', 'stored.');
    const rows = await source.query(`SELECT ${expression} AS position FROM ${source.driver.escape(table!.table)} stored`);
    return rows.map((row: { readonly position: unknown }) => Number(row.position)).sort((a: number, b: number) => a - b);
  };

  it('is that of the library for days', async () => {
    const days = ['1000-01-01', '1899-12-31', '1969-12-31', '1970-01-01', '1970-01-02', '2000-02-29', '2026-11-25', '9999-12-31'];
    await withMember([Day], async (source, cluster) => {
      await cluster.getRepository(Day).insert(days.map((day) => ({ day })));
      const part = { property: 'Day.day', type: 'date', dayOnly: true } as const;
      expect(await positions(source, 'Day')).toEqual(days.map((day) => integerPosition(day, part)));
    });
  });

  const told = TIMES[kind].filter(([, isTold]) => isTold);
  if (told.length > 0)
    it.each(told)('is that of the library for %s', async (type) => {
      const Event = timed(type);
      const times = ['1000-01-01T00:00:00.001Z', '1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z', '2026-11-25T20:01:02.345Z'];
      await withMember([Event], async (source, cluster) => {
        await cluster.getRepository(Event).insert(times.map((at) => ({ at: new Date(at) })));
        expect(await positions(source, 'Event')).toEqual(times.map((at) => Date.parse(at)));
      });
    });

  const untold = TIMES[kind].filter(([, isTold]) => !isTold);
  if (untold.length > 0) {
    it.each(untold)('is refused for %s, whose zone is that of the process', async (type) => {
      await withMember([timed(type)], async (source) => {
        const guarding = () => guardedTables(source, [{ name: 'Event', lookUp: 'range' }]);
        expect(guarding).toThrow(ConfigurationError);
        expect(guarding).toThrow('Event.at holds times without a zone');
      });
    });
  }
});

@Entity()
class Branch {
  @PrimaryColumn() @ShardKey() id!: string;
}

describe('A table whose rows carry no position', () => {
  it('is named when it should be guarded', async () => {
    const cluster = new ShardedDataSource({ type: 'sqljs', entities: [Branch], shards: ['s1'] });
    await cluster.initialize();
    try {
      const source = cluster.shards[0]!.dataSource as ShardDataSource;
      const [[metadata, sharding]] = [...source.shardings] as [[EntityMetadata, ShardedEntity]];
      // As TypeORM describes the table that it keeps for a tree, with statements that know no further column.
      const closure = { ...sharding, metadata: Object.create(metadata, { isClosureJunction: { value: true } }) };
      const { fault } = positionExpression(source, closure, '_shard_position');
      expect(fault).toBe('Branch: the rows of branch carry no position, so they cannot be fenced.');
      expect(positionExpression(source, sharding, '_shard_position').fault).toBeUndefined();
    } finally {
      await cluster.destroy();
    }
  });
});
