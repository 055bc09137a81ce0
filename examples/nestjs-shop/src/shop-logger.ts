import { ConsoleLogger } from '@nestjs/common';

/** What NestJS says of every module and route at the start, which hides what the shop says. */
const START_UP = ['InstanceLoader', 'RoutesResolver', 'RouterExplorer'];

/** NestJS's console logger without the start-up of modules and routes, in colours only on a terminal. */
export class ShopLogger extends ConsoleLogger {
  constructor() {
    super({ prefix: 'Shop', colors: process.stdout.isTTY === true, logLevels: ['log', 'warn', 'error', 'fatal'] });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context !== 'string' || !START_UP.includes(context)) super.log(message, ...rest);
  }
}
