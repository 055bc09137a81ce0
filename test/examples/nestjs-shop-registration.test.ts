import { randomUUID } from 'node:crypto';
import { Customer } from '../../examples/nestjs-shop/src/customers/customer.entity';
import { CustomerEmail } from '../../examples/nestjs-shop/src/customers/customer-email.entity';
import type { ShardedRepository } from '../../src';
import { getShardedRepositoryToken } from '../../src/nestjs';
import { createDatabases, databaseKinds, type TestDatabases } from '../database';
import { type Shop, startShop } from './fixtures/shop';

const kinds = databaseKinds.filter((kind) => kind === 'sqljs' || kind === 'mariadb');
const SHARDS = ['s1', 's2', 's3'];
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

function gate(): { readonly isOpen: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { isOpen, open };
}

describe.each(kinds)('The registration of the NestJS shop on %s', (kind) => {
  let databases: TestDatabases;
  let shop: Shop;
  let customers: ShardedRepository<Customer>;
  let emails: ShardedRepository<CustomerEmail>;
  let email: string;
  let count = 0;

  beforeAll(async () => {
    databases = await createDatabases(kind, SHARDS.length);
    shop = await startShop(databases, { reservationSeconds: 60 });
    customers = shop.app.get(getShardedRepositoryToken(Customer), { strict: false });
    emails = shop.app.get(getShardedRepositoryToken(CustomerEmail), { strict: false });
    await shop.put('/countries/FR', { name: 'France' });
  });

  beforeEach(() => {
    email = `race-${++count}@example.com`;
  });

  afterEach(() => jest.restoreAllMocks());

  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]();
    await databases?.stop();
  });

  const register = () => shop.post('/customers', { email, name: 'Somebody', country: 'FR' });
  const reserve = (reservedAt: Date) => emails.insert({ email, customerId: randomUUID(), reservedAt });
  const age = () => emails.update({ email }, { reservedAt: LONG_AGO });
  const found = async () => (await shop.get(`/customers?email=${email}`)).body.id;

  /** The ids of all customers who have the address, read from every database. */
  const holders = async () => {
    const sql = `select id from customer where email = '${email}' and withdrawnAt is null`;
    const rows = await Promise.all(SHARDS.map((shard) => shop.rowsOn(shard, sql)));
    return rows.flat().map(({ id }) => id);
  };

  /** Holds the next call of a method back until it is let go. */
  const holdNext = (repository: object, method: 'insert' | 'update') => {
    const [reached, gone] = [gate(), gate()];
    const methods = repository as Record<typeof method, (...args: unknown[]) => Promise<unknown>>;
    const original = methods[method].bind(repository);
    jest.spyOn(methods, method).mockImplementationOnce(async (...args) => {
      reached.open();
      await gone.isOpen;
      return original(...args);
    });
    return { isReached: reached.isOpen, go: gone.open };
  };

  it('lets exactly one of many at once have an address, and it is found by it', async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, register));
    const made = answers.filter(({ status }) => status === 201).map(({ body }) => body.id);

    expect(made).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(23);
    expect(await holders()).toEqual(made);
    expect(await found()).toBe(made[0]);
  });

  it('refuses an address whose registration may still be under way', async () => {
    await reserve(new Date());

    expect((await register()).status).toBe(409);
    expect(await holders()).toEqual([]);
    expect((await shop.get(`/customers?email=${email}`)).status).toBe(404);
  });

  it('killed between the reservation and the customer, leaves an address that can be registered later', async () => {
    jest.spyOn(customers, 'insert').mockRejectedValueOnce(new Error('killed'));
    expect((await register()).status).toBe(500);
    expect((await register()).status).toBe(409);
    await age();

    const { status, body } = await register();

    expect(status).toBe(201);
    expect(await holders()).toEqual([body.id]);
    expect(await found()).toBe(body.id);
  });

  it('killed between the withdrawal and the take-over, leaves an address that can be registered', async () => {
    await reserve(LONG_AGO);
    jest.spyOn(emails, 'update').mockRejectedValueOnce(new Error('killed'));
    expect((await register()).status).toBe(500);

    const { status, body } = await register();

    expect(status).toBe(201);
    expect(await holders()).toEqual([body.id]);
  });

  it('lets exactly one of many at once take an abandoned address over', async () => {
    await reserve(LONG_AGO);

    const answers = await Promise.all(Array.from({ length: 24 }, register));
    const made = answers.filter(({ status }) => status === 201).map(({ body }) => body.id);

    expect(made).toHaveLength(1);
    expect(await holders()).toEqual(made);
    expect(await found()).toBe(made[0]);
  });

  it('that takes an address over, loses it to one that was faster', async () => {
    await reserve(LONG_AGO);
    const slow = holdNext(emails, 'update');
    const answer = register();
    await slow.isReached;
    const { status, body } = await register();
    slow.go();

    expect(status).toBe(201);
    expect((await answer).status).toBe(409);
    expect(await holders()).toEqual([body.id]);
    expect(await found()).toBe(body.id);
  });

  it('that was so slow that another took the address over, is refused and leaves no customer', async () => {
    const slow = holdNext(customers, 'insert');
    const answer = register();
    await slow.isReached;
    await age();
    const { status, body } = await register();
    slow.go();

    expect(status).toBe(201);
    expect((await answer).status).toBe(409);
    expect(await holders()).toEqual([body.id]);
    expect(await found()).toBe(body.id);
  });

  it('that came to its end just before it would be withdrawn, keeps the address', async () => {
    const slow = holdNext(customers, 'insert');
    const first = register();
    await slow.isReached;
    await age();
    const withdrawal = holdNext(customers, 'insert');
    const second = register();
    await withdrawal.isReached;
    slow.go();
    const { status, body } = await first;
    withdrawal.go();

    expect(status).toBe(201);
    expect((await second).status).toBe(409);
    expect(await holders()).toEqual([body.id]);
  });

  it('whose customer was committed although its answer got lost, is answered as done', async () => {
    const insert = customers.insert.bind(customers);
    jest.spyOn(customers, 'insert').mockImplementationOnce(async (row) => {
      await insert(row);
      throw new Error('connection lost');
    });

    const { status, body } = await register();

    expect(status).toBe(201);
    expect(await holders()).toEqual([body.id]);
  });

  it('never takes the address of a customer, however old', async () => {
    const { body } = await register();
    await age();

    expect((await register()).status).toBe(409);
    expect(await holders()).toEqual([body.id]);
  });

  it('shows nothing of a withdrawn registration', async () => {
    await reserve(LONG_AGO);
    const { customerId } = await emails.findOneByOrFail({ email });
    await register();

    expect((await shop.get(`/customers/${customerId}`)).status).toBe(404);
    expect((await shop.get(`/customers/${customerId}/orders`)).status).toBe(404);
    const items = [{ product: 'Tea', quantity: 1, unitPriceCents: 1 }];
    expect((await shop.post(`/customers/${customerId}/orders`, { items })).status).toBe(404);
  });
});
