/** An application on database servers, ended in several ways; what it leaves is counted in itself and on the server. */
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Connection, createConnection } from 'mysql2/promise';
import { ShardingModule, type ShardingModuleOptions } from 'typeorm-sharding/nestjs';
import { Audit, AuditModule } from './audit.js';

interface Task {
  readonly end: 'close' | 'signal';
  readonly address: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  readonly options: ShardingModuleOptions;
}

const { end, address, options } = JSON.parse(process.argv[2] as string) as Task;

@Module({ imports: [ShardingModule.forRoot(options), AuditModule] })
class AppModule {}

/** Connections of others than this one, by a connection that is there for the count only. */
async function connections(): Promise<number> {
  const own: Connection = await createConnection(address);
  const [rows] = await own.query("select count(*) as n from information_schema.processlist where db like 'app%'");
  await own.end();
  return Number((rows as { n: unknown }[])[0]?.n);
}

/** What would keep the process alive, but for its output. What is being closed has a second to be gone. */
async function left(): Promise<{ connections: number; resources: readonly string[] }> {
  const seen = async () => {
    const count = await connections();
    await delay(1);
    return { connections: count, resources: process.getActiveResourcesInfo().filter((each) => each !== 'PipeWrap') };
  };
  let last = await seen();
  for (let turn = 0; turn < 50 && (last.connections > 0 || last.resources.length > 0); turn += 1) {
    await delay(20);
    last = await seen();
  }
  return last;
}

const say = (what: object) => console.log(JSON.stringify(what));

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  const written = await app.get(Audit).writeAll();
  say({ written, whileOpen: await connections() });
  if (end === 'signal') return;
  await app.close();
  say(await left());
}

main().catch(async (error: { code?: unknown; shard?: unknown }) => {
  say({ code: error.code, shard: error.shard, ...(error.code === undefined && { error: String(error) }) });
  say(await left());
});
