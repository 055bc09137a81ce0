import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ReferenceTable } from 'typeorm-sharding';

/** A country. Every shard has a copy of the whole table, so that customers and orders can be joined with it where they live. */
@Entity()
@ReferenceTable()
export class Country {
  /** ISO 3166-1 alpha-2, in capitals. */
  @PrimaryColumn('varchar', { length: 2 })
  code!: string;

  @Column('varchar', { length: 100 })
  name!: string;
}
