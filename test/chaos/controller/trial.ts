import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type SqlTopologyOptions, sqlTopology } from 'typeorm-sharding';
import type { ChaosDatabases } from '../databases/chaos-databases';
import { chaosCluster, internals, type TopologyView, times } from '../library';
import { Child } from '../processes/child';
import { Random } from '../random';
import { Counter, Country, counterCount, countries } from '../rows/entities';
import type { Bounds, OracleDump, Violation, WriterReport } from '../writer/writer-report';
import { compareRows } from './compare';
import { storedRows } from './stored-rows';

/** How big the trial is. */
export interface TrialSettings {
  readonly seed: number;
  readonly writers: number;
  readonly loops: number;
  readonly dropEvery: number;
  readonly paceMs: number;
  /** Tells what happens while it happens. */
  readonly isTold: boolean;
  /** Tells how far it has come. */
  readonly isLong: boolean;
}

/** How long a member may need to come back, in milliseconds. */
const backMs = 120_000;

/** How long a hold waits for operations in flight when nothing keeps them from ending. */
const patienceMs = 25_000;

/** Databases, writers and what is known of them: the ground on which servers are killed and rows are moved. */
export class Trial {
  readonly violations: Violation[] = [];
  /** What happened to whom, for the report of a violation. */
  readonly log: string[] = [];
  readonly tally: Record<string, number> = {};
  readonly random: Random;
  readonly writers: Child[] = [];
  #auditor!: Child;
  #disturbances: string[] = [];
  #stopped = new Set<Child>();

  constructor(
    readonly databases: ChaosDatabases,
    readonly settings: TrialSettings,
  ) {
    this.random = new Random(settings.seed);
  }

  /** Makes schema, control tables and first rows, and starts the writers, which are held. */
  async begin(): Promise<void> {
    const { description } = this.databases;
    // Before anything moves no connection needs to be ended, and a loaded machine may be slow to come back to one.
    const resharding = { ...times, idleTimeoutMs: 30_000, graceMs: 31_000 };
    const founder = await chaosCluster(description, { synchronize: true, resharding }).initialize();
    try {
      await founder.getRepository(Country).save(countries);
      await founder
        .getRepository(Counter)
        .insert(Array.from({ length: counterCount }, (_, index) => ({ id: `counter-${index}`, count: 0 })));
      await founder.reshard.provision();
    } finally {
      await founder.destroy();
    }
    const { seed, writers, loops, dropEvery, paceMs } = this.settings;
    for (let writer = 0; writer <= writers; writer++) {
      const isAuditor = writer === writers;
      const child = this.#child(isAuditor ? 'auditor' : `writer ${writer}`);
      const settings = { seed: seed * 100 + writer, writer, loops: isAuditor ? 0 : loops, dropEvery, paceMs };
      await child.ask('begin', { description, settings });
      if (isAuditor) this.#auditor = child;
      else this.writers.push(child);
    }
  }

  note(line: string): void {
    this.log.push(`${new Date().toISOString().slice(11, 23)} ${line}`);
    if (this.settings.isTold) console.error(this.log.at(-1));
    if (this.log.length > 400) this.log.shift();
  }

  /** Prints how far the trial has come. */
  tell(line: string): void {
    this.note(line);
    if (this.settings.isTold || !this.settings.isLong) return;
    console.error(`${new Date().toISOString().slice(11, 19)} ${this.databases.kind}: ${line}`);
  }

  count(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1;
  }

  violate(violation: Violation): void {
    this.note([`VIOLATION ${violation.kind}: ${violation.what}`, ...(violation.history ?? [])].join('\n      '));
    this.violations.push(violation);
  }

  async release(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.ask('release')));
  }

  /** Holds the writers. @returns how many operations did not end in time. */
  async hold(forMs = patienceMs): Promise<number> {
    for (const writer of this.#stopped) writer.signal('SIGCONT');
    const left = await Promise.all(this.writers.map((writer) => writer.ask<number>('hold', forMs)));
    return left.reduce((sum, each) => sum + each, 0);
  }

  /** With writers held: counts by a client must be what the oracle says, within what operations in flight may change. */
  async checkCounts(when: string): Promise<void> {
    // What was in flight may have ended since: it counts as done or not, by either look.
    const earlier = await this.#bounds();
    const counted = await this.#auditor.ask<Readonly<Record<string, number>>>('count').catch((error: Error) => error);
    if (counted instanceof Error) {
      this.note(`counts ${when}: ${counted.message.split('\n')[0]}`);
      return this.count('counts that a shard or the store refused');
    }
    const later = await this.#bounds();
    for (const table of ['Account', 'Meter', 'Reading', 'Tick'] as const) {
      const [least, most] = [Math.min(earlier[table][0], later[table][0]), Math.max(earlier[table][1], later[table][1])];
      const found = counted[table]!;
      if (found < least || found > most)
        this.violate({ kind: 'count', what: `${when}, count of ${table} is ${found}, and must be ${least} to ${most}` });
    }
    this.count('counts with writers held');
  }

  /** With writers running: a count of what is only inserted lies between the counts before and after. */
  async checkRunningCount(): Promise<void> {
    const ticks = async (which: 0 | 1) =>
      sum((await Promise.all(this.writers.map((writer) => writer.ask<Bounds>('bounds')))).map((each) => each.Tick[which]));
    const least = await ticks(0);
    const found = await this.#auditor.ask<number>('countTicks').catch(() => undefined);
    const most = await ticks(1);
    if (found === undefined) return this.count('counts that a shard or the store refused');
    if (found < least || found > most)
      this.violate({ kind: 'count', what: `with writers running, count of Tick is ${found}, and must be ${least} to ${most}` });
    this.count('counts with writers running');
  }

  /** With writers held and no plan: every row of every shard is as the oracle says. */
  async compare(when: string): Promise<void> {
    const files = this.writers.map((_, index) => join(this.databases.directory, `oracle-${index}.json`));
    await Promise.all(this.writers.map((writer, index) => writer.ask('dump', files[index])));
    const dumps = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as OracleDump);
    const topology = await this.topology();
    if (topology.plan) return this.violate({ kind: 'audit', what: `${when} a plan is left, in phase ${topology.plan.phase}` });
    const rows = await storedRows(this.databases.description);
    for (const violation of compareRows(rows, dumps, topology)) this.violate({ ...violation, what: `${when}: ${violation.what}` });
    this.count('comparisons of all rows');
  }

  /** Reads the topology from its store. */
  async topology(): Promise<TopologyView> {
    const store = sqlTopology({ ...this.databases.description.topology, timeoutMs: 3_000 } as SqlTopologyOptions);
    try {
      return internals.readTopology((await store.read())!);
    } finally {
      await store.destroy();
    }
  }

  /** As {@link topology}, when the store is back. */
  topologySoon(): Promise<TopologyView> {
    return this.#patiently(() => this.topology());
  }

  /** What the library itself says of all rows, and of what the shards know of each other. */
  async audit(): Promise<void> {
    for (const what of ['audit', 'verify'] as const) {
      const report = await this.#patiently(() => this.#auditor.ask<Readonly<Record<string, unknown>>>(what));
      if (report.isWell !== true)
        this.violate({ kind: 'audit', what: `cluster.reshard.${what}(): ${JSON.stringify(report).slice(0, 900)}` });
    }
    this.count('audits');
  }

  /** Each kind of trouble once, in some order, and then again. @param longMs - how long a process is stopped to be beyond every timeout. */
  async nextDisturbance(longMs: number): Promise<void> {
    if (this.#disturbances.length === 0) this.#disturbances = this.random.shuffled(['stop', 'pause', 'shard', 'store']);
    const kind = this.#disturbances.pop();
    if (kind === 'stop') await this.pauseWriter(longMs);
    else if (kind === 'pause') await this.pauseWriter(300);
    else await this.outage(kind === 'store' ? 'store' : this.random.pick(['s1', 's2', 's3']), 200 + this.random.integer(1_200));
  }

  /** Stops a writer for a time; a hold lets it go on earlier. */
  async pauseWriter(ms: number): Promise<void> {
    const writer = this.random.pick(this.writers);
    if (this.#stopped.has(writer)) return;
    this.#stopped.add(writer);
    writer.signal('SIGSTOP');
    this.note(`${writer.name} stopped for ${ms} ms`);
    this.count('writers stopped');
    await delay(ms);
    writer.signal('SIGCONT');
    this.#stopped.delete(writer);
    this.note(`${writer.name} goes on`);
  }

  async outage(member: string, ms: number): Promise<void> {
    this.note(`${member} goes away for ${ms} ms`);
    this.count(`outages of ${member === 'store' ? 'the store' : 'a shard'}`);
    await this.databases.outage(member, ms);
    this.note(`${member} is back`);
  }

  async done(): Promise<number> {
    return sum(await Promise.all(this.writers.map((writer) => writer.ask<number>('done'))));
  }

  reports(): Promise<WriterReport[]> {
    return Promise.all(this.writers.map((writer) => writer.ask<WriterReport>('report')));
  }

  /** Ends the processes in order. */
  async end(): Promise<void> {
    await Promise.all([...this.writers, this.#auditor].map((child) => child.ask('end')));
  }

  /** Asks again what a member that comes back just now did not answer. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (const end = performance.now() + backMs; ; ) {
      try {
        return await ask();
      } catch (error) {
        if (performance.now() > end) throw error;
        this.note(`asked again: ${(error as Error).message.split('\n')[0]}`);
        await delay(100);
      }
    }
  }

  /** Of all writers together. */
  async #bounds(): Promise<Bounds> {
    const all = await Promise.all(this.writers.map((writer) => writer.ask<Bounds>('bounds')));
    const of = (table: keyof Bounds) => [sum(all.map((each) => each[table][0])), sum(all.map((each) => each[table][1]))] as const;
    return { Account: of('Account'), Meter: of('Meter'), Reading: of('Reading'), Tick: of('Tick') };
  }

  #child(name: string): Child {
    const child = new Child(name, 'writer-process');
    child.onEvent = ({ violation }) => this.violate({ ...(violation as Violation), what: `${name}: ${(violation as Violation).what}` });
    return child;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
