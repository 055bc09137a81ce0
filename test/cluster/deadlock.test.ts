import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ShardKey } from '../../src';
import { createDatabases, serverKinds } from '../database';
import { startCluster } from './fixtures/clusters';
import { describeOn } from './fixtures/describe-on';

@Entity()
class Counter {
  @ShardKey()
  @PrimaryColumn('int')
  id!: number;

  @Column('int')
  value!: number;
}

describeOn(
  serverKinds.filter((kind) => kind === 'mariadb'),
  'A transaction that the database ended to end a deadlock',
  (kind) => {
    it('sends nothing more, so that nothing that was sent at once is committed by itself', async () => {
      const databases = await createDatabases(kind, 1);
      const cluster = await startCluster(databases, { entities: [Counter], synchronize: true });
      const { dataSource } = cluster.shards[0] as (typeof cluster.shards)[0];
      const runner = dataSource.createQueryRunner();
      try {
        await dataSource.getRepository(Counter).insert([1, 2, 3].map((id) => ({ id, value: 0 })));
        await runner.startTransaction();
        await runner.manager.update(Counter, 1, { value: 2 });
        const writes = await Promise.allSettled([
          // What the server says of a deadlock; it has ended the transaction then.
          runner.query("BEGIN NOT ATOMIC ROLLBACK; SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END"),
          runner.manager.update(Counter, 2, { value: 2 }),
          runner.manager.update(Counter, 3, { value: 2 }),
        ]);
        expect(writes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
        await expect(runner.commitTransaction()).rejects.toMatchObject({ errno: 1213 });
        await runner.rollbackTransaction();
        const values = await dataSource.getRepository(Counter).find({ order: { id: 'ASC' } });
        expect(values.map(({ value }) => value)).toEqual([0, 0, 0]);
        // The connection is as good as before.
        await runner.manager.update(Counter, 2, { value: 5 });
        expect((await dataSource.getRepository(Counter).findOneByOrFail({ id: 2 })).value).toBe(5);
      } finally {
        await runner.release();
        await cluster.destroy();
        await databases.stop();
      }
    });
  },
);
