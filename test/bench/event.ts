import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ShardKey } from 'typeorm-sharding';

/** Rows of which there are many and that are read by time. */
@Entity()
export class Event {
  @PrimaryColumn({ type: 'varchar', length: 36, collation: 'utf8mb4_nopad_bin' })
  @ShardKey()
  guid!: string;

  @Index()
  @Column({ type: 'datetime', precision: 6 })
  createdAt!: Date;

  @Column({ type: 'varchar', length: 60 })
  name!: string;

  @Column({ type: 'int' })
  score!: number;

  @Column({ type: 'varchar', length: 255 })
  payload!: string;
}
