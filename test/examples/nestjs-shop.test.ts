import { Customer } from '../../examples/nestjs-shop/src/customers/customer.entity';
import { CustomerEmail } from '../../examples/nestjs-shop/src/customers/customer-email.entity';
import { CustomersService } from '../../examples/nestjs-shop/src/customers/customers.service';
import type { ShardedRepository } from '../../src';
import { getShardedRepositoryToken } from '../../src/nestjs';
import { createDatabases, databaseKinds, type TestDatabases } from '../database';
import { type Answer, type Shop, startShop } from './fixtures/shop';

const kinds = databaseKinds.filter((kind) => kind === 'sqljs' || kind === 'mariadb');
const NOBODY = '00000000-0000-4000-8000-000000000000';
const SHARDS = ['s1', 's2', 's3'];

describe.each(kinds)('The NestJS shop on %s', (kind) => {
  let databases: TestDatabases;
  let shop: Shop;
  let emails = 0;

  const newEmail = () => `somebody-${++emails}@example.com`;
  const register = async (more: object = {}) => {
    const { status, body } = await shop.post('/customers', { email: newEmail(), name: 'Somebody', country: 'FR', ...more });
    expect({ status, body }).toMatchObject({ status: 201 });
    return body as { id: string; email: string };
  };
  const item = (more: object = {}) => ({ product: 'Tea', quantity: 2, unitPriceCents: 350, ...more });
  const order = async (id: string, items: readonly object[] = [item()]) => (await shop.post(`/customers/${id}/orders`, { items })).body;
  const shardsWith = async (sql: string) => {
    const rows = await Promise.all(SHARDS.map(async (shard) => ({ shard, rows: await shop.rowsOn(shard, sql) })));
    return rows.filter((each) => each.rows.length > 0).map(({ shard }) => shard);
  };
  /** All pages of a list, following the cursors. */
  const walk = async (path: string, limit: number) => {
    const pages: Answer['body'][] = [];
    let after: string | null = '';
    while (after !== null) {
      const { body }: Answer = await shop.get(`${path}limit=${limit}${after && `&after=${encodeURIComponent(after)}`}`);
      pages.push(body);
      after = body.next;
    }
    return pages;
  };

  beforeAll(async () => {
    databases = await createDatabases(kind, SHARDS.length);
    shop = await startShop(databases);
    await shop.put('/countries/FR', { name: 'France' });
  });

  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]();
    await databases?.stop();
  });

  describe('asked for customers', () => {
    it('registers one, and finds it by id and by e-mail in any case', async () => {
      const { status, body } = await shop.post('/customers', { email: ' Ada@Example.com ', name: ' Ada ', country: 'fr' });

      const country = { code: 'FR', name: 'France' };
      const ada = { id: expect.any(String), email: 'ada@example.com', name: 'Ada', country, registeredAt: expect.stringMatching(/Z$/) };
      expect({ status, body }).toEqual({ status: 201, body: ada });
      expect(await shop.get(`/customers/${body.id}`)).toEqual({ status: 200, body });
      expect(await shop.get('/customers?email=ADA@example.com')).toEqual({ status: 200, body });
    });

    it.each([
      [{}, ['email must be an email', 'name must be a string', 'country must be a country code of ISO 3166-1, such as FR']],
      [{ email: 'ada', name: 'Ada', country: 'FR' }, ['email must be an email']],
      [{ email: 'a@example.com', name: '  ', country: 'FR' }, ['name must be longer than or equal to 1 characters']],
      [{ email: 'a@example.com', name: 'x'.repeat(101), country: 'FR' }, ['name must be shorter than or equal to 100 characters']],
      [{ email: 'a@example.com', name: 'Ada', country: 'XX' }, ['country must be a country code of ISO 3166-1, such as FR']],
      [{ email: ['a@example.com'], name: 'Ada', country: 'FR' }, ['email must be an email']],
      [{ email: 'a@example.com', name: 'Ada', country: 'FR', id: NOBODY }, ['property id should not exist']],
    ])('refuses %j with a message for each field', async (body, messages) => {
      const answer = await shop.post('/customers', body);

      expect(answer.status).toBe(400);
      expect(answer.body.message).toEqual(expect.arrayContaining(messages));
    });

    it('refuses an e-mail that is taken, in any case', async () => {
      const { email } = await register();

      expect(await shop.post('/customers', { email: email.toUpperCase(), name: 'Other', country: 'FR' })).toMatchObject({
        status: 409,
        body: { message: 'email belongs to a customer already, or is being registered' },
      });
    });

    it('refuses a country that is not in the table, before the e-mail is reserved', async () => {
      const email = newEmail();

      expect(await shop.post('/customers', { email, name: 'Ada', country: 'JP' })).toMatchObject({ status: 422 });
      expect(await shardsWith(`select * from customer_email where email = '${email}'`)).toEqual([]);
    });

    it('knows nobody by another id or e-mail, and refuses what is none', async () => {
      expect(await shop.get(`/customers/${NOBODY}`)).toMatchObject({ status: 404, body: { message: 'no customer has this id' } });
      expect(await shop.get(`/customers/${NOBODY}/shard`)).toMatchObject({ status: 404 });
      expect(await shop.get('/customers?email=nobody@example.com')).toMatchObject({ status: 404 });
      expect(await shop.get('/customers/7')).toMatchObject({ status: 400 });
      expect(await shop.get('/customers/7/orders')).toMatchObject({ status: 400 });
      expect(await shop.get('/customers?email=7')).toMatchObject({ status: 400 });
      expect(await shop.get('/customers')).toMatchObject({ status: 400 });
    });

    it('says where each lives, and its rows are there and nowhere else', async () => {
      const homes = new Set<string>();
      for (let count = 0; count < 24; count++) {
        const { id, email } = await register();
        await order(id, [item(), item()]);
        const { status, body } = await shop.get(`/customers/${id}/shard`);
        homes.add(body.shard);

        expect({ status, body }).toMatchObject({
          status: 200,
          body: { customer: id, route: 'one', statement: expect.stringMatching(/^SELECT/) },
        });
        expect(await shardsWith(`select * from customer where id = '${id}'`)).toEqual([body.shard]);
        expect(await shardsWith(`select * from \`order\` where customerId = '${id}'`)).toEqual([body.shard]);
        expect(await shardsWith(`select * from order_item where customerId = '${id}'`)).toEqual([body.shard]);
        expect(await shardsWith(`select * from customer_email where email = '${email}'`)).toEqual([body.emailShard]);
      }
      expect([...homes].sort()).toEqual(SHARDS);
    });
  });

  describe('asked for orders of a customer', () => {
    it('places one with its items, in their order', async () => {
      const { id } = await register();
      const items = [item({ product: 'Tea' }), item({ product: 'Cup', quantity: 1, unitPriceCents: 1200 }), item({ product: 'Pot' })];

      const { status, body } = await shop.post(`/customers/${id}/orders`, { items });

      const placed = { id: expect.any(String), customerId: id, placedAt: expect.stringMatching(/Z$/), totalCents: 2600, items };
      expect({ status, body }).toEqual({ status: 201, body: placed });
      expect((await shop.get(`/customers/${id}/orders`)).body).toEqual({ orders: [body], next: null, previous: null });
    });

    it.each([
      ['items must contain at least 1 elements', []],
      ['items must contain no more than 20 elements', Array.from({ length: 21 }, () => item())],
      ['items.0.quantity must not be less than 1', [item({ quantity: 0 })]],
      ['items.1.quantity must be an integer number', [item(), item({ quantity: 1.5 })]],
      ['items.0.quantity must be an integer number', [item({ quantity: '2' })]],
      ['items.0.unitPriceCents must not be greater than 1000000', [item({ unitPriceCents: 1_000_001 })]],
      ['items.0.product must be longer than or equal to 1 characters', [item({ product: '' })]],
      ['items.0.property orderId should not exist', [item({ orderId: NOBODY })]],
      ['items must be an array', 'Tea'],
      ['each value in nested property items must be either object or array', ['Tea']],
    ])('refuses items and says: %s', async (message, items) => {
      const { id } = await register();
      const { status, body } = await shop.post(`/customers/${id}/orders`, { items });

      expect(status).toBe(400);
      expect(body.message).toEqual(expect.arrayContaining([expect.stringContaining(message)]));
      expect((await shop.get(`/customers/${id}/orders`)).body.orders).toEqual([]);
    });

    it('takes the largest order that it allows', async () => {
      const { id } = await register();
      const { totalCents } = await order(
        id,
        Array.from({ length: 20 }, () => item({ quantity: 100, unitPriceCents: 1_000_000 })),
      );

      expect(totalCents).toBe(2_000_000_000);
      expect((await shop.get('/orders?minimumCents=2000000000')).body.orders).toMatchObject([
        { customerId: id, totalCents: 2_000_000_000 },
      ]);
    });

    it('knows no orders of nobody', async () => {
      expect(await shop.get(`/customers/${NOBODY}/orders`)).toMatchObject({ status: 404 });
      expect(await shop.post(`/customers/${NOBODY}/orders`, { items: [item()] })).toMatchObject({ status: 404 });
      expect(await shardsWith(`select * from \`order\` where customerId = '${NOBODY}'`)).toEqual([]);
    });

    it('keeps no order whose items could not be written', async () => {
      const { id } = await register();
      const { shard } = (await shop.get(`/customers/${id}/shard`)).body;
      await shop.rowsOn(shard, 'alter table order_item rename to hidden_item');
      const failed = await shop.post(`/customers/${id}/orders`, { items: [item()] });
      await shop.rowsOn(shard, 'alter table hidden_item rename to order_item');

      expect(failed).toEqual({ status: 500, body: { statusCode: 500, message: 'Internal server error' } });
      expect(await shardsWith(`select * from \`order\` where customerId = '${id}'`)).toEqual([]);
    });

    it('shows them page by page, the latest first, forwards and back', async () => {
      const { id } = await register();
      const placed: string[] = [];
      for (let count = 0; count < 7; count++) placed.unshift((await order(id, [item({ quantity: count + 1 })])).id);
      const pages = await walk(`/customers/${id}/orders?`, 3);
      const back = (await shop.get(`/customers/${id}/orders?limit=3&before=${encodeURIComponent(pages[2].previous)}`)).body;

      expect(pages.map(({ orders }) => orders.length)).toEqual([3, 3, 1]);
      const times = pages.flatMap(({ orders }) => orders.map(({ placedAt }: { placedAt: string }) => placedAt));
      expect(times).toEqual([...times].sort().reverse());
      expect(pages.flatMap(({ orders }) => orders.map((each: { id: string }) => each.id)).sort()).toEqual([...placed].sort());
      expect(back.orders).toEqual(pages[1].orders);
    });

    it.each([
      ['limit=0', 'limit must not be less than 1'],
      ['limit=101', 'limit must not be greater than 100'],
      ['limit=some', 'limit must be an integer number'],
      ['after=nonsense', 'after or before is no cursor of this list'],
      ['skip=3', 'property skip should not exist'],
    ])('refuses the page %s', async (page, message) => {
      const { id } = await register();
      const { status, body } = await shop.get(`/customers/${id}/orders?${page}`);

      expect(status).toBe(400);
      expect([body.message].flat()).toEqual(expect.arrayContaining([expect.stringContaining(message)]));
    });

    it('refuses after and before together', async () => {
      const { id } = await register();
      const { status, body } = await shop.get(`/customers/${id}/orders?after=a&before=b`);

      expect({ status, message: body.message }).toEqual({ status: 400, message: ['give after or before, not both'] });
    });
  });

  describe('asked for the orders of all customers', () => {
    it('answers as one database would, page by page', async () => {
      for (let count = 0; count < 12; count++) await order((await register()).id, [item(), item({ quantity: count + 1 })]);
      const stored = (await Promise.all(SHARDS.map((shard) => shop.rowsOn(shard, 'select id from `order`')))).map((rows) => rows.length);
      const pages = await walk('/orders?', 5);
      const orders = pages.flatMap((page) => page.orders);

      expect(stored.every((count) => count > 0)).toBe(true);
      expect(new Set(orders.map(({ id }) => id)).size).toBe(orders.length);
      expect(orders.length).toBe(stored.reduce((sum, count) => sum + count, 0));
      const times = orders.map(({ placedAt }) => placedAt);
      expect(times).toEqual([...times].sort().reverse());
      expect(orders.every(({ items }) => items.length > 0)).toBe(true);
      expect(pages.slice(0, -1).every((page) => page.orders.length === 5)).toBe(true);
    });

    it('filters them by time and total', async () => {
      const { id } = await register();
      await order(id, [item({ quantity: 100, unitPriceCents: 777_777 })]);
      const { placedAt } = await order(id, [item({ quantity: 100, unitPriceCents: 888_888 })]);

      const expensive = (await shop.get('/orders?minimumCents=77777700')).body.orders.map(
        (each: { totalCents: number }) => each.totalCents,
      );
      expect(expensive).toEqual(expect.arrayContaining([88_888_800, 77_777_700]));
      const since = (await shop.get(`/orders?since=${placedAt}&minimumCents=88888800`)).body.orders;
      expect(since).toMatchObject([{ totalCents: 88_888_800 }]);
      expect((await shop.get('/orders?since=tomorrow')).status).toBe(400);
    });

    it('explains where they come from and what that may cost', async () => {
      const { status, body } = await shop.get('/orders/route?limit=5');

      const budget = expect.objectContaining({ maxRows: 1_000, timeoutMs: 2_000 });
      expect({ status, body }).toMatchObject({ status: 200, body: { route: 'all', shards: SHARDS, budget } });
      expect(body.statements).toHaveLength(3);
    });

    it('refuses a cursor of another list', async () => {
      const { next } = (await shop.get('/orders?limit=1')).body;

      expect((await shop.get(`/orders?limit=1&minimumCents=1&after=${encodeURIComponent(next)}`)).status).toBe(400);
    });
  });

  describe('asked for countries', () => {
    it('writes one to every shard, and changes it', async () => {
      const written = await shop.put('/countries/jp', { name: 'Nippon' });
      expect(written).toEqual({ status: 200, body: { code: 'JP', name: 'Nippon', writtenTo: SHARDS } });
      await shop.put('/countries/JP', { name: 'Japan' });

      for (const shard of SHARDS)
        expect(await shop.rowsOn(shard, "select code, name from country where code = 'JP'")).toEqual([{ code: 'JP', name: 'Japan' }]);
      expect((await shop.get('/countries')).body).toEqual([
        { code: 'FR', name: 'France' },
        { code: 'JP', name: 'Japan' },
      ]);
    });

    it('refuses what is no country, and no name', async () => {
      expect(await shop.put('/countries/XX', { name: 'Nowhere' })).toMatchObject({ status: 400 });
      expect(await shop.put('/countries/DE', {})).toMatchObject({
        status: 400,
        body: { message: expect.arrayContaining(['name must be a string']) },
      });
    });
  });

  it('runs what concerns one customer on the shard of the request, and lets nothing there ask every shard', async () => {
    const { id } = await register();
    const { shard } = (await shop.get(`/customers/${id}/shard`)).body;
    const customers: ShardedRepository<Customer> = shop.app.get(getShardedRepositoryToken(Customer), { strict: false });
    const emails: ShardedRepository<CustomerEmail> = shop.app.get(getShardedRepositoryToken(CustomerEmail), { strict: false });
    const seen: unknown[] = [];
    const get = jest.spyOn(shop.app.get(CustomersService, { strict: false }), 'get').mockImplementation(async () => {
      seen.push(await customers.count({ withDeleted: true }), await emails.count().catch(({ code }) => code));
      return customers.findOneOrFail({ where: { id }, relations: { country: true } });
    });

    expect((await shop.get(`/customers/${id}`)).status).toBe(200);
    get.mockRestore();
    expect(seen).toEqual([(await shop.rowsOn(shard, 'select id from customer')).length, 'ERR_SCATTER_REFUSED']);
  });

  it('tells that every shard is up', async () => {
    const { status, body } = await shop.get('/health');

    expect({ status, body }).toMatchObject({ status: 200, body: { status: 'ok', info: { shards: { status: 'up' } } } });
    for (const shard of SHARDS) expect(JSON.stringify(body.info.shards)).toContain(`"${shard}"`);
  });
});
