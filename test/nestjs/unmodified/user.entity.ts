import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ShardKey } from 'typeorm-sharding';

/** The one line that sharding adds to an entity is `@ShardKey()`; ordinary data sources do not see it. */
@Entity()
export class User {
  @PrimaryColumn()
  @ShardKey()
  guid!: string;

  @Column()
  name!: string;
}
