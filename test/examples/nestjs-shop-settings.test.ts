import { clusterOptions } from '../../examples/nestjs-shop/src/settings/cluster-options';
import { readSettings } from '../../examples/nestjs-shop/src/settings/settings';

const SHARDS = 'SHOP_SHARDS must be a list of name=mysql://user:password@host:port/database, separated by blanks';
const SECONDS = 'SHOP_RESERVATION_SECONDS must be a number of seconds, 0 or more';

describe('The settings of the NestJS shop', () => {
  it('have defaults for a first look, and for the servers of npm run databases', () => {
    const { shards, ...others } = readSettings({ SHOP_PORT: '' });

    const expected = { database: 'memory', synchronize: true, reservationSeconds: 60, host: '127.0.0.1', port: 3000 };
    expect(others).toMatchObject(expected);
    expect(shards.map(({ name, port }) => [name, port])).toEqual([
      ['shard-1', 13306],
      ['shard-2', 13307],
      ['shard-3', 13308],
    ]);
  });

  it('are read from the environment', () => {
    const settings = readSettings({
      SHOP_DATABASE: 'mariadb',
      SHOP_SHARDS: ' a=mysql://ada:se%2Fcret@10.0.0.1:3307/shop\n b=mysql://ada:x@db.example/other ',
      SHOP_SYNCHRONIZE: 'false',
      SHOP_RESERVATION_SECONDS: '5',
      SHOP_CURSOR_SECRET: 'sixteen letters!',
      SHOP_HOST: '0.0.0.0',
      SHOP_PORT: '8080',
    });

    expect(settings).toEqual({
      database: 'mariadb',
      shards: [
        { name: 'a', host: '10.0.0.1', port: 3307, database: 'shop', username: 'ada', password: 'se/cret' },
        { name: 'b', host: 'db.example', port: 3306, database: 'other', username: 'ada', password: 'x' },
      ],
      synchronize: false,
      reservationSeconds: 5,
      cursorSecret: 'sixteen letters!',
      host: '0.0.0.0',
      port: 8080,
    });
    expect(clusterOptions(settings)).toMatchObject({ type: 'mariadb', synchronize: false, cursorSecret: 'sixteen letters!' });
  });

  it.each([
    [{ SHOP_SHARDS: 'a=mysql://ada:x@db.example/shop a=mysql://ada:x@db2.example/shop' }, SHARDS],
    [{ SHOP_SHARDS: 'a=postgres://ada:x@db.example/shop' }, SHARDS],
    [{ SHOP_SHARDS: 'a=mysql://ada:x@db.example' }, SHARDS],
    [{ SHOP_SHARDS: 'a=mysql://db.example/shop' }, SHARDS],
    [{ SHOP_SHARDS: 'a=mysql://ada:%zz@db.example/shop' }, SHARDS],
    [{ SHOP_SHARDS: 'mysql://ada:x@db.example/shop' }, SHARDS],
    [{ SHOP_SYNCHRONIZE: 'yes' }, 'SHOP_SYNCHRONIZE must be true or false'],
    [{ SHOP_RESERVATION_SECONDS: '-1' }, SECONDS],
    [{ SHOP_RESERVATION_SECONDS: 'soon' }, SECONDS],
    [{ SHOP_CURSOR_SECRET: 'short' }, 'SHOP_CURSOR_SECRET must have 16 characters or more'],
    [{ SHOP_PORT: '65536' }, 'SHOP_PORT must be 0 to 65535'],
  ])('refuse %j', (environment, fault) => {
    expect(() => readSettings(environment)).toThrow(new Error(`The shop cannot start:\n  ${fault}`));
  });
});
