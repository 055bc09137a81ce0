import { Column, Entity, EntitySchema, PrimaryColumn } from 'typeorm';
import { declareSharding, modulo, ShardKey } from '../../src';
import { descriptionsOf, dialects, faultsOf } from './entity-set';

interface Row {
  guid: string;
  userGuid: string;
  id: number;
}

const guid = { type: String, primary: true } as const;

describe('declareSharding()', () => {
  it('answers with the schema that it was given', () => {
    const schema = new EntitySchema<Row>({ name: 'Row', columns: { guid } });
    expect(declareSharding(schema, { key: ['guid'] })).toBe(schema);
  });

  describe.each(dialects)('of schemas without a class (%s)', (type) => {
    const User = declareSharding(new EntitySchema<Row>({ name: 'SchemaUser', columns: { guid } }), { key: ['guid'], group: 'people' });
    const Order = declareSharding(
      new EntitySchema<Row>({ name: 'SchemaOrder', columns: { id: { type: 'int', primary: true }, userGuid: { type: String } } }),
      { key: [{ property: 'userGuid', parent: () => User }] },
    );

    it('says key, group and parent', async () => {
      expect(await descriptionsOf([User, Order], { type })).toMatchObject({
        SchemaUser: { kind: 'sharded', group: 'people', key: [{ property: 'guid', type: 'string' }] },
        SchemaOrder: { kind: 'sharded', group: 'people', parent: 'SchemaUser', key: [{ property: 'userGuid', type: 'string' }] },
      });
    });

    it('lets a class be stored beside a schema, by the schema or its name', async () => {
      for (const parent of [User, 'SchemaUser']) {
        class Note {
          guid!: string;
        }
        PrimaryColumn({ type: String })(Note.prototype, 'guid');
        ShardKey(() => parent)(Note.prototype, 'guid');
        Entity()(Note);
        expect(await descriptionsOf([User, Note], { type })).toMatchObject({ Note: { group: 'people', parent: 'SchemaUser' } });
      }
    });
  });

  it('says the sharding of a schema with a target class', async () => {
    class Place {
      guid!: string;
    }
    const Schema = declareSharding(new EntitySchema<Place>({ name: 'Somewhere', target: Place, columns: { guid } }), { key: ['guid'] });
    const Visit = declareSharding(new EntitySchema<Row>({ name: 'Visit', columns: { guid } }), {
      key: [{ property: 'guid', parent: () => Place }],
    });
    const found = await descriptionsOf([Schema, Visit]);
    expect(found.Visit).toMatchObject({ parent: 'Place', group: 'Place' });
  });

  it('may stand on the target class of a schema, or decorate it', async () => {
    class Declared {
      guid!: string;
    }
    declareSharding(Declared, { key: ['guid'] });
    class Decorated {
      @ShardKey() guid!: string;
    }
    const schemas = [Declared, Decorated].map((target) => new EntitySchema<object>({ name: target.name, target, columns: { guid } }));
    expect(await descriptionsOf(schemas)).toMatchObject({ Declared: { group: 'Declared' }, Decorated: { group: 'Decorated' } });
  });

  it('keeps two schemas of different names apart', async () => {
    const one = declareSharding(new EntitySchema<Row>({ name: 'One', columns: { guid } }), { key: ['guid'] });
    const two = new EntitySchema<Row>({ name: 'Two', columns: { guid } });
    expect(await faultsOf([one, two])).toEqual([expect.stringMatching(/^Two has no shard key\./)]);
  });

  it('keeps the order of a composite key, or the one given', async () => {
    const columns = { guid, id: { type: 'int', primary: true } } as const;
    const listed = declareSharding(new EntitySchema<Row>({ name: 'Listed', columns }), { key: ['id', 'guid'] });
    const ordered = declareSharding(new EntitySchema<Row>({ name: 'Ordered', columns }), {
      key: [
        { property: 'id', order: 9 },
        { property: 'guid', order: 8 },
      ],
    });
    const found = await descriptionsOf([listed, ordered]);
    expect(found.Listed?.key?.map(({ property }) => property)).toEqual(['id', 'guid']);
    expect(found.Ordered?.key?.map(({ property }) => property)).toEqual(['guid', 'id']);
  });

  it('finds a key in an embedded schema by its path', async () => {
    const Address = new EntitySchema<{ region: string }>({ name: 'Address', columns: { region: { type: String } } });
    const Shop = declareSharding(
      new EntitySchema<Row>({ name: 'Shop', columns: { guid }, embeddeds: { address: { schema: Address } } } as never),
      { key: ['address.region'] },
    );
    expect(await descriptionsOf([Shop])).toMatchObject({ Shop: { key: [{ property: 'address.region', type: 'string' }] } });
  });

  it('says placement, reference table and unsharded', async () => {
    const schema = (name: string) => new EntitySchema<Row>({ name, columns: { id: { type: 'int', primary: true } } });
    const entities = [
      declareSharding(schema('Placed'), { key: ['id'], placement: modulo(['a', 'b']) }),
      declareSharding(schema('Listed'), { reference: true }),
      declareSharding(schema('Whole'), { unsharded: { shard: 'a' } }),
    ];
    expect(await descriptionsOf(entities)).toMatchObject({
      Placed: { group: 'Placed', placement: 'modulo (2 shards)' },
      Listed: { kind: 'reference' },
      Whole: { kind: 'unsharded', shard: 'a' },
    });
  });

  it.each([
    [{}, 'Row has no shard key.'],
    [{ key: [] }, 'Row has no shard key.'],
    [{ key: ['nothing'] }, 'Row.nothing is marked @ShardKey() but is not a column.'],
    [{ key: ['guid'], reference: true }, 'Row is declared @ShardKey and @ReferenceTable; it can be only one of them.'],
    [{ key: ['guid'], unsharded: { shard: 'a' } }, 'Row is declared @ShardKey and @Unsharded; it can be only one of them.'],
  ] as const)('has the faults of the decorators: %j', async (declaration, sentence) => {
    const schema = declareSharding(new EntitySchema<Row>({ name: 'Row', columns: { guid } }), declaration);
    expect(await faultsOf([schema])).toEqual([expect.stringContaining(sentence)]);
  });

  it('describes classes and schemas together, and entities given by name', async () => {
    @Entity()
    class User {
      @PrimaryColumn() @ShardKey() guid!: string;
      @Column() name!: string;
    }
    const Order = declareSharding(new EntitySchema<Row>({ name: 'Order', columns: { guid } }), {
      key: [{ property: 'guid', parent: () => User }],
    });
    expect(await descriptionsOf({ user: User, order: Order })).toMatchObject({ User: { group: 'User' }, Order: { parent: 'User' } });
  });
});
