import type { AuditReport, ReshardReport } from 'typeorm-sharding';
import { createDatabase, type Servers, startServers } from '../layouts/databases';
import type { Joining } from '../layouts/join-online';
import type { Ledger } from '../layouts/layout-writer';
import type { Progress } from '../layouts/progress';
import { experiments, keys, layoutOf, UserHomeLayout } from '../layouts/published';
import { showRun } from '../layouts/show-run';
import { compareStored } from '../layouts/stored-layouts';
import { type Addresses, openCluster } from './cluster';
import { Writers } from './writers';

/** What came of adding a server while processes went on writing. */
export interface Rebalancing extends Joining {
  readonly audit: AuditReport;
  /** How many of the acknowledged writes set a layout that was not there before. */
  readonly added: number;
  /** How long the slowest read and write of a process took together. */
  readonly slowestMs: number;
}

/** What the example runs with. */
export interface Stage {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const PROCESSES = 4;
const [FIRST, SECOND, THIRD] = experiments.threeShards.databases;
const DATABASE = 'layouts';

/** Writes to two servers by four processes, and adds a third server while they go on. @throws the reason of the signal. */
export async function rebalance(stage: Stage): Promise<Rebalancing> {
  const failure = new AbortController();
  const signal = AbortSignal.any([stage.signal, failure.signal]);
  const servers: Servers[] = [];
  const writers = new Writers(startLedger(), PROCESSES, { signal, onFailure: (error) => failure.abort(error) });
  const start = async (names: readonly string[]) => {
    const started = await startServers(names);
    servers.push(started);
    signal.throwIfAborted();
    return started;
  };
  try {
    return await tell({ ...stage, signal }, writers, start);
  } finally {
    writers.kill();
    await Promise.all(servers.map((each) => each.stop()));
  }
}

/** The story, from the first server to the last count. */
async function tell(stage: Stage, writers: Writers, start: (names: readonly string[]) => Promise<Servers>): Promise<Rebalancing> {
  const { progress } = stage;
  progress.say('Starting two MariaDB servers, and writing 10,000 layouts …');
  const two = await foundCluster(await start([FIRST, SECOND]));
  await seed(two, startLedger());

  progress.say(`Starting ${PROCESSES} processes that write …`);
  await writers.start(two);
  await writers.untilWritten(200);

  progress.say(`${writers.acknowledged} writes so far. Starting the third server …`);
  const three = await withThird(two, await start([THIRD]));
  const admin = await openCluster(three, { synchronize: true });
  try {
    await admin.reshard.provision();
    progress.say('Replacing the processes one after the other by some that know the third shard …');
    await writers.replace(three);
    const report = await move(admin, stage);
    progress.say(`${writers.acknowledged} writes so far. Writing on for a moment …`);
    await writers.untilWritten(200);

    progress.say('Comparing every row …');
    const { ledger, ...written } = await writers.stop();
    const findings = await compareStored(admin, ledger);
    return { report, findings, ...written, added: ledger.size - keys.length, audit: await admin.reshard.audit() };
  } finally {
    await admin.destroy();
  }
}

function startLedger(): Ledger {
  return new Map(keys.map((key, index) => [key, layoutOf(index)]));
}

async function foundCluster({ byName }: Servers): Promise<Addresses> {
  const shards = [...byName].map(async ([name, server]) => ({ name, ...(await createDatabase(server, DATABASE)) }));
  return { shards: await Promise.all(shards), topology: await createDatabase(byName.get(FIRST)!, 'topology') };
}

async function seed(addresses: Addresses, ledger: Ledger): Promise<void> {
  const cluster = await openCluster(addresses, { synchronize: true });
  try {
    await UserHomeLayout.setMany([...ledger].map(([key, layout]) => [key, [...layout]]));
  } finally {
    await cluster.destroy();
  }
}

/** With the third shard, which owns nothing yet. */
async function withThird({ shards, topology }: Addresses, { byName }: Servers): Promise<Addresses> {
  const third = { name: THIRD, weight: 0, ...(await createDatabase(byName.get(THIRD)!, DATABASE)) };
  return { shards: [...shards, third], topology };
}

async function move(admin: Awaited<ReturnType<typeof openCluster>>, { progress, signal }: Stage): Promise<ReshardReport> {
  const plan = await admin.reshard.plan({ add: [THIRD] });
  progress.say(`Moving about ${plan.rows} rows to the third shard, while they are written …`);
  return showRun(await admin.reshard.start(plan, { signal }), progress);
}
