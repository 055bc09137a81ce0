import {
  Column,
  type ColumnOptions,
  CreateDateColumn,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { ConfigurationError, modulo, ReferenceTable, ranges, Sharded, ShardedDataSource, ShardKey, Unsharded } from '../../src';
import { entityOf, faultsOf } from './entity-set';

const guid = [PrimaryColumn('varchar'), ShardKey()];
const User = entityOf('User', { guid });
const Topic = entityOf('Topic', { guid });
const Country = entityOf('Country', { code: [PrimaryColumn('varchar')] }, ReferenceTable());
const Setting = entityOf('Setting', { name: [PrimaryColumn('varchar')] }, Unsharded({ shard: 'a' }));
const id = [PrimaryColumn('uuid')];
const ofUser = [ShardKey(() => User), Column('varchar')];
const Followed = entityOf('Followed', { guid });

/** Each fault of one set of entities, with its whole sentence. */
const faulty: readonly (readonly [name: string, entities: readonly (new () => object)[], sentence: string])[] = [
  [
    'an entity without a shard key',
    [entityOf('Log', { id })],
    'Log has no shard key. Mark the property with @ShardKey(), or the entity with @ReferenceTable() or @Unsharded({ shard }).',
  ],
  [
    'a group without a shard key',
    [entityOf('Batch', { id }, Sharded({ group: 'logs' }))],
    'Batch has no shard key. Mark the property with @ShardKey(), or the entity with @ReferenceTable() or @Unsharded({ shard }).',
  ],
  [
    'a sharded reference table',
    [entityOf('Trace', { guid }, ReferenceTable())],
    'Trace is declared @ShardKey and @ReferenceTable; it can be only one of them.',
  ],
  [
    'an unsharded reference table',
    [entityOf('Audit', { id }, ReferenceTable(), Unsharded({ shard: 'a' }))],
    'Audit is declared @ReferenceTable and @Unsharded; it can be only one of them.',
  ],
  ['a mark on what is no column', [entityOf('Marker', { id, key: [ShardKey()] })], 'Marker.key is marked @ShardKey() but is not a column.'],
  ...['decimal', 'double', 'boolean', 'simple-array', 'blob', 'time'].map(
    (type) =>
      [
        `a key of type ${type}`,
        [entityOf(`Of_${type}`, { id, key: [Column(type as ColumnOptions['type'] as 'decimal'), ShardKey()] })],
        `Of_${type}.key is of a type that cannot route. Use an integer, a string or a UUID column.`,
      ] as const,
  ),
  [
    'a date on a ring',
    [entityOf('Day', { id, at: [CreateDateColumn(), ShardKey()] })],
    'Day has a date as shard key, which only ranges() can place.',
  ],
  [
    'a time that the database rounds to seconds',
    [entityOf('Tick', { id, at: [Column('datetime'), ShardKey()] }, Sharded({ placement: ranges([{ from: 0, shard: 'a' }]) }))],
    'Tick.at keeps less than milliseconds, so a stored key would be another than the one given. Declare { precision: 3 } or more.',
  ],
  [
    'a string in an ordered placement',
    [entityOf('Slug', { guid }, Sharded({ placement: modulo(['a']) }))],
    'Slug is placed by modulo, which needs exactly one integer or date as shard key.',
  ],
  [
    'a composite key in an ordered placement',
    [
      entityOf(
        'Pair',
        { a: [PrimaryColumn('int'), ShardKey()], b: [PrimaryColumn('int'), ShardKey()] },
        Sharded({ placement: ranges([{ from: 0, shard: 'a' }]) }),
      ),
    ],
    'Pair is placed by ranges, which needs exactly one integer or date as shard key.',
  ],
  [
    'a parent that is a reference table',
    [Country, entityOf('City', { id, code: [Column('varchar'), ShardKey(() => Country)] })],
    'City is stored beside Country, which has no shard key.',
  ],
  [
    'a placement of its own beside a parent',
    [User, entityOf('Order', { id, userGuid: ofUser }, Sharded({ placement: modulo(['a']) }))],
    'Order is stored beside User and so has its group and placement; remove them from @Sharded().',
  ],
  [
    'a cascade to another group',
    [User, Topic, entityOf('Post', { id, userGuid: ofUser, topic: [ManyToOne(() => Topic, { cascade: ['insert'] })] })],
    'Post.topic leaves its group, so nothing can be cascaded over it. Remove cascade, and save the rows of each side themselves.',
  ],
  [
    'an action of the database over a relation to an unsharded entity',
    [User, Setting, entityOf('Reply', { id, userGuid: ofUser, setting: [ManyToOne(() => Setting, { onDelete: 'SET NULL' })] })],
    "Reply.setting leaves its group, so no database can carry out onDelete: 'SET NULL'. Remove it.",
  ],
  [
    'an action of the database over a relation from a reference table',
    [User, entityOf('Town', { id, mayor: [ManyToOne(() => User, { onUpdate: 'CASCADE' })] }, ReferenceTable())],
    "Town.mayor leaves its group, so no database can carry out onUpdate: 'CASCADE'. Remove it.",
  ],
  [
    'a care for orphans between unsharded entities of different shards',
    [Setting, entityOf('Flag', { id, setting: [ManyToOne(() => Setting, { orphanedRowAction: 'delete' })] }, Unsharded({ shard: 'b' }))],
    "Flag.setting leaves its group, so nothing can carry out orphanedRowAction: 'delete'. Remove it.",
  ],
  [
    'a cascade over a second relation to the parent, by another column',
    [
      User,
      entityOf('Gift', { id, userGuid: ofUser, giver: [ManyToOne(() => User, { cascade: true }), JoinColumn({ name: 'giverGuid' })] }),
    ],
    'Gift.giver leaves its group, so nothing can be cascaded over it. Remove cascade, and save the rows of each side themselves.',
  ],
  [
    'a cascade over links to rows of other shards',
    [entityOf('Person', { guid, follows: [ManyToMany(() => Followed, { cascade: true }), JoinTable()] }), Followed],
    'Person.follows leaves its group, so nothing can be cascaded over it. Remove cascade, and save the rows of each side themselves.',
  ],
  [
    'a junction table without the key',
    [User, entityOf('Draft', { id, userGuid: ofUser, tags: [ManyToMany(() => Country), JoinTable()] }), Country],
    'The table draft_tags_country that joins Draft and Country would not contain the shard key. ' +
      'Make the shard key part of a joined primary key, or write the joining table as an entity with @ShardKey(() => Parent).',
  ],
  [
    'a counted primary key beside the shard key',
    [entityOf('Slip', { id: [PrimaryGeneratedColumn()], guid: [Column('varchar'), ShardKey()] })],
    'Slip.id is generated by each database and repeats on other shards. Make the shard key part of the primary key, or use a UUID.',
  ],
  [
    'a counted shard key',
    [entityOf('Coupon', { id: [PrimaryGeneratedColumn(), ShardKey()] })],
    'Coupon.id is generated by the database, but the shard must be known before. Use a UUID or set the id yourself.',
  ],
  [
    'a counted key of a reference table',
    [entityOf('Copy', { id: [PrimaryGeneratedColumn()] }, ReferenceTable())],
    'Copy.id is generated by each database, so copies of Copy would differ. Set the id yourself.',
  ],
];

const allEntities = [...new Set(faulty.flatMap(([, entities]) => entities))];

describe('describeSharding()', () => {
  it.each(faulty)('refuses %s', async (_, entities, sentence) => {
    expect(await faultsOf([...entities], { type: 'mysql' })).toEqual([sentence]);
  });

  it('reports the faults of all entities in one error', async () => {
    const faults = await faultsOf(allEntities, { type: 'mysql' });
    expect([...faults].sort()).toEqual(faulty.map(([, , sentence]) => sentence).sort());
  });

  it('refuses two placements of one group', async () => {
    const [one, other] = [modulo(['a']), modulo(['b'])];
    const key = [PrimaryColumn('int'), ShardKey()];
    const entities = [
      entityOf('One', { key }, Sharded({ group: 'g', placement: one })),
      entityOf('Other', { key }, Sharded({ group: 'g', placement: other })),
    ];
    expect(await faultsOf(entities)).toEqual(['Group g is given several placements; give it to one entity of the group.']);
  });

  it.each([
    ['mysql', { collation: 'utf8mb4_general_ci' }, 'utf8mb4_general_ci'],
    ['mariadb', { collation: 'uca1400_nopad_ai_ci' }, 'uca1400_nopad_ai_ci'],
    ['better-sqlite3', { collation: 'NOCASE' }, 'NOCASE'],
    ['sqljs', { collation: 'nocase' }, 'nocase'],
    ['postgres', { type: 'citext' }, 'citext'],
  ] as const)(
    'refuses, for %s, a key that is compared without regard to case, unless it is normalised',
    async (type, options, collation) => {
      const column = PrimaryColumn({ type: 'varchar', ...options });
      expect(await faultsOf([entityOf('Log', { key: [column, ShardKey()] })], { type })).toEqual([
        `Log.key is compared by the database without regard to case or accents (${collation}), so equal keys could lead to ` +
          'different shards. Use a binary collation, or give @ShardKey({ normalize }).',
      ]);
      const normalize = (value: string) => value.toLowerCase();
      expect(await faultsOf([entityOf('Log', { key: [column, ShardKey({ normalize })] })], { type })).toEqual([]);
    },
  );

  it.each([
    ['mysql', 'utf8mb4_bin'],
    ['mariadb', 'utf8mb4_nopad_bin'],
    ['mysql', 'binary'],
    ['better-sqlite3', 'BINARY'],
    ['postgres', 'C'],
  ] as const)('accepts, for %s, the collation %s', async (type, collation) => {
    const key = [PrimaryColumn({ type: 'varchar', collation }), ShardKey()];
    expect(await faultsOf([entityOf('Log', { key })], { type })).toEqual([]);
  });
});

describe('ShardedDataSource.initialize()', () => {
  const shards = [{ name: 'a' }, { name: 'b' }];

  async function faultsAtStart(options: Partial<ConstructorParameters<typeof ShardedDataSource>[0]>): Promise<readonly string[]> {
    const cluster = new ShardedDataSource({ type: 'sqljs', shards, ...options } as ConstructorParameters<typeof ShardedDataSource>[0]);
    const error: unknown = await cluster.initialize().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(cluster.isInitialized).toBe(false);
    return (error as ConfigurationError).faults;
  }

  it('reports the faults of all entities, unknown shards and placements in one error, which lists them', async () => {
    const key = [PrimaryColumn('int'), ShardKey()];
    const entities = [
      entityOf('Log', { id }),
      entityOf('Lonely', { id }, Unsharded({ shard: 'moon' })),
      entityOf('Placed', { key }, Sharded({ placement: modulo(['a', 'mars']) })),
      entityOf('Ranged', { key }, Sharded({ placement: ranges([]) })),
      entityOf('Hashed', { guid, position: [Column({ type: 'int', name: '_Shard_Position' })] }),
    ];
    const faults = await faultsAtStart({ entities });
    expect(faults).toEqual([
      'Log has no shard key. Mark the property with @ShardKey(), or the entity with @ReferenceTable() or @Unsharded({ shard }).',
      'Lonely is unsharded on "moon", which is not a shard. There are: a, b.',
      'Hashed has a column _shard_position of its own. Choose another name with the option positionColumn.',
      'Group Placed: modulo: there is no shard "mars".',
      'Group Ranged: ranges: there is no entry.',
    ]);
    expect(new ConfigurationError(faults).message).toBe(
      `The sharding configuration has 5 fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  });

  it('finds what describeSharding() finds, with the same sentences', async () => {
    const found = await faultsAtStart({ entities: allEntities });
    expect(found.slice(0, faulty.length)).toEqual(await faultsOf(allEntities, { type: 'sqljs' }));
  });

  it('leaves a column of the same name alone where rows carry no position', async () => {
    const key = [PrimaryColumn('int'), ShardKey()];
    const Plain = entityOf('Plain', { key, position: [Column({ type: 'int', name: '_shard_position' })] });
    const cluster = new ShardedDataSource({ type: 'sqljs', entities: [Plain], shards, placement: modulo(['a', 'b']) });
    await cluster.initialize();
    expect(cluster.isInitialized).toBe(true);
    await cluster.destroy();
  });
});
