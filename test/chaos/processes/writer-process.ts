import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { ShardedDataSource } from 'typeorm-sharding';
import type { ClusterDescription } from '../databases/chaos-databases';
import { chaosCluster } from '../library';
import { Account, Meter, Reading, Tick } from '../rows/entities';
import { Writer, type WriterSettings } from '../writer/writer';
import { answerRequests, tell } from './child-side';

let cluster: ShardedDataSource;
let writer: Writer;
let running: Promise<void>;

// Writers want all of a machine; what is tried are the movers, which shall come to their steps.
setPriority(10);

answerRequests({
  async begin({ description, settings }: { readonly description: ClusterDescription; readonly settings: WriterSettings }) {
    cluster = await chaosCluster(description).initialize();
    writer = new Writer(cluster, settings, (violation) => tell({ event: 'violation', violation }));
    running = writer.run();
  },
  release: () => writer.release(),
  hold: (patienceMs: number) => writer.hold(patienceMs),
  bounds: () => writer.oracle.bounds(),
  done: () => writer.done,
  report: () => writer.report(),
  dump: (file: string) => writeFileSync(file, JSON.stringify(writer.oracle.dump())),
  /** Rows of each table, counted over all shards. */
  async count() {
    const count = async (entity: typeof Account | typeof Meter | typeof Reading | typeof Tick) =>
      cluster.getRepository(entity as typeof Tick).count();
    return { Account: await count(Account), Meter: await count(Meter), Reading: await count(Reading), Tick: await count(Tick) };
  },
  audit: () => cluster.reshard.audit(),
  verify: () => cluster.reshard.verify(),
  countTicks: () => cluster.getRepository(Tick).count(),
  async end() {
    writer.end();
    await running;
    await cluster.destroy();
    setImmediate(() => process.disconnect());
  },
});
