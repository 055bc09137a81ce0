import type { StoredTopology, TopologyStore } from '../../src/topology';
import { databaseKinds, waitUntil } from '../database';
import { makePlace, type Place, type StoreKind } from './stores';

const kinds: readonly StoreKind[] = ['memory', ...databaseKinds];

/** Reads a watch into a list until it is ended. */
function collect(store: TopologyStore) {
  const end = new AbortController();
  const seen: StoredTopology[] = [];
  const done = (async () => {
    for await (const each of store.watch(end.signal)) seen.push(each);
  })();
  const stop = async () => {
    end.abort();
    await done;
  };
  return { seen, done, stop };
}

describe.each(kinds)('A topology store (%s)', (kind) => {
  let place: Place;
  let one: TopologyStore;
  let other: TopologyStore;

  beforeEach(async () => {
    place = await makePlace(kind);
    one = place.store();
    other = place.store();
  });

  afterEach(() => place.stop());

  describe('compareAndSwap', () => {
    it('stores the first document when there is none, and no second first one', async () => {
      expect(await one.read()).toBeNull();
      expect(await one.compareAndSwap(null, 'first')).toBe('stored');
      expect(await other.compareAndSwap(null, 'second')).toBe('conflict');
      expect(await other.read()).toEqual({ version: 1, document: 'first' });
    });

    it('replaces only the version that is expected, and gives each document a higher one', async () => {
      await one.compareAndSwap(null, 'a');
      const first = await one.read();

      expect(await other.compareAndSwap(first!.version, 'b')).toBe('stored');
      const second = await one.read();
      expect(second).toEqual({ version: expect.any(Number), document: 'b' });
      expect(second!.version).toBeGreaterThan(first!.version);
      expect(await one.compareAndSwap(first!.version, 'c')).toBe('conflict');
      expect(await one.compareAndSwap(second!.version + 1, 'c')).toBe('conflict');
      expect(await other.read()).toEqual(second);
    });

    it('expects a document to be there when a version is named', async () => {
      expect(await one.compareAndSwap(1, 'a')).toBe('conflict');
      expect(await one.read()).toBeNull();
    });

    it('lets one of many win each version, so that nothing that was stored is overwritten unseen', async () => {
      const stores = [one, other, place.store(), place.store()];
      await one.compareAndSwap(null, '0');
      const rounds = 15;

      const add = async (store: TopologyStore) => {
        for (let added = 0; added < rounds; ) {
          const { version, document } = (await store.read())!;
          if ((await store.compareAndSwap(version, String(Number(document) + 1))) === 'stored') added += 1;
        }
      };
      await Promise.all(stores.map(add));

      expect((await other.read())!.document).toBe(String(stores.length * rounds));
    });

    it.each([
      ['nothing', ''],
      ['text of all planes', 'é 漢 🦊 \u2028 \\ \' " %s $1 ?'],
      ['a megabyte', JSON.stringify({ text: 'x'.repeat(1_000_000) })],
    ])('keeps %s as it is', async (_, document) => {
      await one.compareAndSwap(null, document);
      expect((await other.read())!.document).toBe(document);
      const { version } = (await other.read())!;
      await other.compareAndSwap(version, `${document}!`);
      expect((await one.read())!.document).toBe(`${document}!`);
    });
  });

  describe('watch', () => {
    it('gives the latest at once and what others store later, in growing versions', async () => {
      await one.compareAndSwap(null, 'a');
      const watched = collect(other);
      await waitUntil(async () => watched.seen.length === 1, { what: 'the first topology' });
      await one.compareAndSwap(watched.seen[0]!.version, 'b');
      await waitUntil(async () => watched.seen.at(-1)?.document === 'b', { what: 'the second topology' });
      await watched.stop();

      expect(watched.seen.map(({ document }) => document)).toEqual(['a', 'b']);
      expect(watched.seen[1]!.version).toBeGreaterThan(watched.seen[0]!.version);
    });

    it('may skip some for a reader that is slow, but ends at the last', async () => {
      await one.compareAndSwap(null, '0');
      const watch = other.watch(new AbortController().signal)[Symbol.asyncIterator]();
      await watch.next();
      for (let each = 1; each <= 30; each += 1) await one.compareAndSwap((await one.read())!.version, String(each));

      let last: IteratorResult<StoredTopology>;
      do last = await watch.next();
      while (last.value?.document !== '30');
      await watch.return?.();

      expect(last.value).toEqual(await one.read());
    });

    it('waits while there is no topology yet', async () => {
      const watched = collect(other);
      await one.compareAndSwap(null, 'a');
      await waitUntil(async () => watched.seen.length === 1, { what: 'the topology' });
      await watched.stop();
    });

    it('ends when its signal aborts, also before it began, and when the store is destroyed', async () => {
      const watched = collect(other);
      await watched.stop();
      expect((await other.watch(AbortSignal.abort())[Symbol.asyncIterator]().next()).done).toBe(true);

      const others = collect(other);
      await other.destroy();
      await others.done;
      expect(others.seen).toEqual([]);
    });
  });

  describe('liveClients', () => {
    const client = (id: string, version = 1) => ({ id, version, connected: ['s1', 's2'] });
    const LONG = 60_000;

    it('tells of each process its last heartbeat', async () => {
      await one.heartbeat(client('a'));
      await one.heartbeat(client('a', 2));
      await other.heartbeat({ id: 'b', version: 3, connected: [] });

      expect(await one.liveClients(LONG)).toEqual([
        { ...client('a', 2), lastSeenMs: expect.any(Number) },
        { id: 'b', version: 3, connected: [], lastSeenMs: expect.any(Number) },
      ]);
    });

    it('leaves out those that are silent for so long, until they are heard of again', async () => {
      await other.heartbeat(client('silent'));
      const beating = setInterval(() => void other.heartbeat(client('beats')), 20);
      try {
        await other.heartbeat(client('beats'));
        expect((await one.liveClients(400)).map(({ id }) => id)).toEqual(['beats', 'silent']);
        await waitUntil(async () => (await one.liveClients(400)).length === 1, { what: 'the silent one to be left out' });
        expect((await one.liveClients(400)).map(({ id }) => id)).toEqual(['beats']);
        expect((await one.liveClients(LONG)).map(({ id }) => id)).toEqual(['beats', 'silent']);
      } finally {
        clearInterval(beating);
      }
      await other.heartbeat(client('silent'));
      expect((await one.liveClients(400)).map(({ id }) => id)).toContain('silent');
    });
  });

  it('can be used again after it was destroyed', async () => {
    await one.destroy();
    await one.destroy();
    expect(await one.compareAndSwap(null, 'a')).toBe('stored');
    expect((await one.read())?.document).toBe('a');
  });

  it('takes its own heartbeats back when it is destroyed', async () => {
    const third = place.store();
    await third.heartbeat({ id: 'leaves', version: 1, connected: [] });
    await third.destroy();
    expect(await place.store().liveClients(60_000)).toEqual([]);
  });
});
