import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ShardKey } from 'typeorm-sharding';

/** Rows of about 150 bytes, placed by the hash of their ids. */
@Entity()
export class Account {
  @PrimaryColumn({ type: 'varchar', length: 20 }) @ShardKey() id!: string;
  @Column({ type: 'varchar', length: 100 }) text!: string;
  @Column({ type: 'int' }) value!: number;
}
