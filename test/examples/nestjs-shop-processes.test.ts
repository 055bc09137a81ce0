import { databaseKinds, runSql } from '../database';
import { findFreePort } from '../database/servers/free-port';
import { type ExampleProcess, startExample } from './fixtures/example-process';
import { ask } from './fixtures/shop';

const MAIN = 'examples/nestjs-shop/src/main.ts';
const DATABASES = 'examples/nestjs-shop/databases.ts';

describe('The program of the NestJS shop', () => {
  it('names every fault of its settings, without their values, and ends with 1', async () => {
    const shop = startExample(MAIN, { SHOP_DATABASE: 'oracle', SHOP_PORT: '99999', SHOP_SHARDS: 'shard-1=mysql://shop:hidden@' });

    expect(await shop.end()).toBe(1);
    expect(shop.output).toBe(
      [
        'The shop cannot start:',
        '  SHOP_DATABASE must be memory or mariadb',
        '  SHOP_SHARDS must be a list of name=mysql://user:password@host:port/database, separated by blanks',
        '  SHOP_PORT must be 0 to 65535',
        '',
      ].join('\n'),
    );
  });

  it('runs without any server, says where it is in a few lines, and ends by Ctrl-C', async () => {
    const shop = startExample(MAIN, { SHOP_PORT: '0' });
    const [, url] = await shop.until(/Open at (\S+), on SQLite in memory: shard-1, shard-2, shard-3\n/);

    expect(await ask(url!, 'PUT', '/countries/FR', { name: 'France' })).toMatchObject({ status: 200 });
    expect(await shop.end('SIGINT')).toBe('SIGINT');
    expect(shop.output.trimEnd().split('\n').length).toBeLessThan(6);
  });
});

if (databaseKinds.includes('mariadb')) {
  describe('The databases of the NestJS shop', () => {
    let databases: ExampleProcess;
    let ports: readonly number[];
    const shardsOn = (names: readonly string[]) =>
      names.map((name, index) => `${name}=mysql://shop:pass%20word@127.0.0.1:${ports[index]}/shop`).join(' ');
    const settings = (names = ['shard-1', 'shard-2', 'shard-3']) => ({
      SHOP_DATABASE: 'mariadb',
      SHOP_PORT: '0',
      SHOP_SHARDS: shardsOn(names),
    });
    const openShop = async () => {
      const shop = startExample(MAIN, settings());
      const [, url] = await shop.until(/Open at (\S+), on MariaDB/);
      return { shop, url: url! };
    };

    beforeAll(async () => {
      ports = await Promise.all([findFreePort(), findFreePort(), findFreePort()]);
      databases = startExample(DATABASES, settings());
      await databases.until(/Ready\. Ctrl-C/);
    }, 120_000);

    afterAll(() => databases?.end('SIGTERM'));

    it('keep what a shop wrote for the next one, and refuse one with another list of shards', async () => {
      const first = await openShop();
      await ask(first.url, 'PUT', '/countries/FR', { name: 'France' });
      const { body } = await ask(first.url, 'POST', '/customers', { email: 'ada@example.com', name: 'Ada', country: 'FR' });
      const { body: home } = await ask(first.url, 'GET', `/customers/${body.id}/shard`);
      await ask(first.url, 'POST', `/customers/${body.id}/orders`, { items: [{ product: 'Tea', quantity: 1, unitPriceCents: 350 }] });
      const { body: orders } = await ask(first.url, 'GET', '/orders');
      await first.shop.end('SIGTERM');

      const other = startExample(MAIN, settings(['shard-1', 'shard-2', 'shard-4']));
      expect(await other.end()).toBe(1);
      expect(other.output).toContain('shard-4');

      const second = await openShop();
      expect(await ask(second.url, 'GET', '/customers?email=ada@example.com')).toEqual({ status: 200, body });
      expect((await ask(second.url, 'GET', `/customers/${body.id}/shard`)).body).toEqual(home);
      expect((await ask(second.url, 'GET', '/orders')).body).toEqual(orders);
      expect(orders.orders).toHaveLength(1);
      expect(home.database).toMatch(new RegExp(`^MariaDB on 127\\.0\\.0\\.1:(${ports.join('|')}), database shop$`));
      await second.shop.end('SIGTERM');
    }, 120_000);

    it('do not start twice on the same ports, and say why', async () => {
      const again = startExample(DATABASES, settings());

      expect(await again.end()).toBe(1);
      expect(again.output).toMatch(/Address already in use/);
    }, 60_000);

    it('are gone after Ctrl-C, even if it comes twice', async () => {
      const end = databases.end('SIGINT');
      await databases.until(/Stopping/);

      // The terminal sends one, and npm passes its own on. One that comes when Node has let go of all handlers ends what has ended.
      expect([0, 'SIGINT']).toContain(await databases.end('SIGINT'));
      await end;
      expect(databases.output).toContain('Stopped. Nothing is left behind.');
      for (const port of ports) {
        const address = { kind: 'mariadb', host: '127.0.0.1', port, username: 'shop', password: 'pass word' } as const;
        await expect(runSql(address, ['select 1'])).rejects.toThrow(/ECONNREFUSED/);
      }
    });
  });
}
