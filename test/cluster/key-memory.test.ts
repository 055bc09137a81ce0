import { inspect } from 'node:util';
import { KeyMemory } from '../../src/cluster/key-memory';

class User {
  guid = 'ada';
}

describe('The memory of stored keys', () => {
  it('remembers and forgets an entity, without a trace on it', () => {
    const memory = new KeyMemory();
    const entity = new User();
    memory.rememberStored(entity, 'ada');
    memory.rememberStored(entity, 'bob');

    expect(memory.storedKey(entity)).toBe('bob');
    expect([Reflect.ownKeys(entity), inspect(entity), JSON.stringify(entity)]).toEqual([
      ['guid'],
      "User { guid: 'ada' }",
      '{"guid":"ada"}',
    ]);
    expect(entity).toStrictEqual(new User());
    expect(memory.storedKey({ ...entity })).toBeUndefined();
    expect(memory.storedKey(structuredClone(entity))).toBeUndefined();
    memory.forgetStored(entity);
    expect(memory.storedKey(entity)).toBeUndefined();
  });

  it.each([
    ['a frozen entity', (entity: User) => Object.freeze(entity)],
    ['a sealed entity', (entity: User) => Object.seal(entity)],
    ['an entity behind a proxy', (entity: User) => new Proxy(entity, {})],
  ])('remembers %s too', (_name, made) => {
    const memory = new KeyMemory();
    const entity = made(new User());
    memory.rememberStored(entity, 'ada');

    expect(memory.storedKey(entity)).toBe('ada');
    memory.forgetStored(entity);
    expect(memory.storedKey(entity)).toBeUndefined();
  });

  it('of one cluster is not that of another, in whatever order they meet an entity', () => {
    const [one, other] = [new KeyMemory(), new KeyMemory()];
    const entity = new User();
    one.rememberStored(entity, 'ada');

    expect(other.storedKey(entity)).toBeUndefined();
    other.rememberStored(entity, 'bob');
    expect([one.storedKey(entity), other.storedKey(entity)]).toEqual(['ada', 'bob']);
    one.forgetStored(entity);
    expect([one.storedKey(entity), other.storedKey(entity)]).toEqual([undefined, 'bob']);
    other.forgetStored(entity);
    expect(other.storedKey(entity)).toBeUndefined();
  });
});
