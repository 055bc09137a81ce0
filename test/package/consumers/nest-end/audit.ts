/** A dependency of the application, published as CommonJS: its modules, tokens and entities must fit those of an ES module. */
import { Injectable, Module } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Column, Entity, PrimaryColumn, Repository } from 'typeorm';
import { ShardedDataSource, ShardedRepository, ShardKey } from 'typeorm-sharding';
import { InjectShardedDataSource, RepositoryOf, ShardingModule } from 'typeorm-sharding/nestjs';

@Entity()
export class Trace {
  @PrimaryColumn()
  @ShardKey()
  guid!: string;

  @Column()
  text!: string;
}

@RepositoryOf(Trace)
export class TraceRepository extends ShardedRepository<Trace> {}

@Injectable()
export class Audit {
  constructor(
    @InjectRepository(Trace) private readonly traces: Repository<Trace>,
    private readonly own: TraceRepository,
    @InjectShardedDataSource() private readonly cluster: ShardedDataSource,
  ) {}

  /** Writes a row to each shard. @returns How many rows each shard has, and what the two repositories count together. */
  async writeAll(): Promise<{ shards: readonly number[]; counted: number }> {
    const guids = Array.from({ length: 60 }, (_, index) => `trace-${index}`);
    await this.traces.insert(guids.map((guid) => ({ guid, text: guid })));
    const shards = await Promise.all(this.cluster.shards.map(({ name }) => this.own.onShard(name).count()));
    return { shards, counted: (await this.own.count()) + (await this.traces.count()) };
  }
}

@Module({ imports: [ShardingModule.forFeature([Trace, TraceRepository])], providers: [Audit], exports: [Audit] })
export class AuditModule {}
