import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module';
import { readSettings, type Settings } from './settings/settings';
import { ShopLogger } from './shop-logger';

async function main(): Promise<void> {
  const settings = readSettings(process.env); // Before anything is started, so that faults are all that is said.
  const logger = new ShopLogger();
  const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger });
  app.set('json spaces', 2); // For people with curl.
  app.enableShutdownHooks(); // Ctrl-C closes the connections to all shards.
  await app.listen(settings.port, settings.host);
  logger.log(`Open at ${await app.getUrl()}, ${placesOf(settings)}`, 'Shop');
}

function placesOf({ database, shards }: Settings): string {
  if (database === 'memory') return `on SQLite in memory: ${shards.map(({ name }) => name).join(', ')}`;
  return `on MariaDB: ${shards.map(({ name, host, port }) => `${name} (${host}:${port})`).join(', ')}`;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
