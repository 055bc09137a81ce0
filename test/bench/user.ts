import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ShardKey } from 'typeorm-sharding';

/** The smallest entity there is: what routing adds weighs most where the statement is cheap. */
@Entity()
export class User {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  @ShardKey()
  guid!: string;

  @Column({ type: 'varchar', length: 100 })
  name!: string;
}
