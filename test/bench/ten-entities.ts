import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { ShardKey } from 'typeorm-sharding';

/** Ten entity classes of one group, each with five columns and an index. */
export function tenEntities(): (new () => object)[] {
  const root = entity('Entity1');
  return [root, ...Array.from({ length: 9 }, (_, index) => entity(`Entity${index + 2}`, root))];
}

function entity(name: string, parent?: new () => object): new () => object {
  class Row {
    @PrimaryColumn({ type: 'varchar', length: 36 })
    id!: string;

    @(parent ? ShardKey(() => parent) : ShardKey())
    @Column({ type: 'varchar', length: 36 })
    userGuid!: string;

    @Index()
    @Column({ type: 'varchar', length: 100 })
    title!: string;

    @Column({ type: 'integer', default: 0 })
    amount!: number;

    @CreateDateColumn()
    created!: Date;
  }
  Object.defineProperty(Row, 'name', { value: name });
  Entity()(Row);
  return Row;
}
