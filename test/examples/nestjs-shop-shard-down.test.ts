import { createDatabases, databaseKinds, type PrivateServer, runSql, startServer, type TestDatabases, waitUntil } from '../database';
import { type Shop, startShop } from './fixtures/shop';

const onServers = databaseKinds.includes('mariadb') ? describe : undefined;

onServers?.('The NestJS shop while a shard is down', () => {
  let server: PrivateServer;
  let databases: TestDatabases;
  let shop: Shop;
  const homes = new Map<string, string>();

  beforeAll(async () => {
    server = await startServer('mariadb');
    await runSql(server, ['create database shop']);
    databases = await createDatabases('mariadb', 2);
    const { host, port, username, password } = server;
    const own = { name: 'down', options: { host, port, username, password, database: 'shop' } };
    shop = await startShop({ ...databases, shards: [...databases.shards, own] });
    await shop.put('/countries/FR', { name: 'France' });
    for (let count = 0; homes.size < 3 || count < 12; count++) {
      const { body } = await shop.post('/customers', { email: `c${count}@example.com`, name: 'Somebody', country: 'FR' });
      homes.set((await shop.get(`/customers/${body.id}/shard`)).body.shard, body.id);
    }
    await server.kill('SIGKILL');
  }, 120_000);

  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]();
    await databases?.stop();
    await server?.stop();
  });

  it('serves the customers of the others, answers 503 for the rest, and serves all when it is back', async () => {
    const item = { product: 'Tea', quantity: 1, unitPriceCents: 350 };
    const again = { status: 503, body: { message: 'a part of the shop cannot be reached, try again soon' } };

    expect((await shop.get(`/customers/${homes.get('s1')}`)).status).toBe(200);
    expect((await shop.post(`/customers/${homes.get('s2')}/orders`, { items: [item] })).status).toBe(201);
    expect(await shop.get(`/customers/${homes.get('down')}`)).toMatchObject(again);
    expect(await shop.post(`/customers/${homes.get('down')}/orders`, { items: [item] })).toMatchObject(again);
    expect(await shop.get('/orders')).toMatchObject(again);
    expect(await shop.put('/countries/JP', { name: 'Japan' })).toMatchObject(again);
    const { status, body } = await shop.get('/health');
    expect({ status, body }).toMatchObject({ status: 503, body: { status: 'error' } });
    expect(body.error.shards.shards).toMatchObject({ s1: { status: 'up' }, s2: { status: 'up' }, down: { status: 'down' } });

    await server.restart();
    await waitUntil(async () => (await shop.get('/health')).status === 200, { what: 'all shards to be up' });

    expect((await shop.get(`/customers/${homes.get('down')}`)).status).toBe(200);
    expect((await shop.get('/orders')).body.orders).toHaveLength(1);
    expect((await shop.put('/countries/JP', { name: 'Japan' })).status).toBe(200);
    for (const shard of ['s1', 's2']) {
      expect(await shop.rowsOn(shard, 'select code from country order by code')).toEqual([{ code: 'FR' }, { code: 'JP' }]);
    }
    expect(await runSql(server, ['select code from shop.country order by code'])).toEqual([{ code: 'FR' }, { code: 'JP' }]);
  }, 120_000);
});

if (!onServers) it('needs a server, which this run is narrowed to leave out', () => expect(databaseKinds).not.toContain('mariadb'));
