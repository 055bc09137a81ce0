import { sampledKinds } from '../database';
import { Customer, Line, Order, Role } from './fixtures/shop';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

describe.each(sampledKinds)('Lazy relations of the entities of a page over several shards (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Customer, Order, Line, Role], shards: 3 });
    const customers = Array.from({ length: 9 }, (_, at) => ({ key: `c${at}`, name: `n${at}` }));
    await test.cluster.manager.insert(Customer, customers);
    await test.cluster.manager.insert(
      Order,
      customers.map(({ key }) => ({ id: `o-${key}`, customerKey: key })),
    );
  });
  afterAll(() => test?.stop());

  it('load after the page has been read, by find, findPage and iterate', async () => {
    const customers = test.cluster.getRepository(Customer);
    const order = { name: 'DESC' } as const;
    const iterated: Customer[] = [];
    for await (const customer of customers.iterate({ order, pageRows: 2 })) iterated.push(customer);
    const pages = [
      await customers.find({ order, take: 4 }),
      await customers.find({ order, skip: 5, take: 2 }),
      await customers.find({ order }),
      (await customers.findPage({ order, limit: 4 })).rows,
      iterated,
    ];

    for (const page of pages) {
      for (const customer of page) expect((await customer.orders).map(({ id }) => id)).toEqual([`o-${customer.key}`]);
    }
    expect(pages.map((page) => page.map(({ key }) => key).join(' '))).toEqual([
      'c8 c7 c6 c5',
      'c3 c2',
      'c8 c7 c6 c5 c4 c3 c2 c1 c0',
      'c8 c7 c6 c5',
      'c8 c7 c6 c5 c4 c3 c2 c1 c0',
    ]);
  });
});
