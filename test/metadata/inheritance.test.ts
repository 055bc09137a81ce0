import {
  ChildEntity,
  Column,
  Entity,
  PrimaryColumn,
  TableInheritance,
  Tree,
  TreeChildren,
  TreeParent,
  ViewColumn,
  ViewEntity,
} from 'typeorm';
import { modulo, ReferenceTable, Sharded, ShardKey, Unsharded } from '../../src';
import { descriptionsOf, dialects, faultsOf } from './entity-set';

abstract class Owned {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey() @Column() guid!: string;
}

describe('inheritance of the shard key', () => {
  describe('from an abstract class', () => {
    @Entity()
    class Note extends Owned {}
    @Entity()
    class Photo extends Owned {
      @Column() url!: string;
    }

    it.each(dialects)('gives each entity a group of its own (%s)', async (type) => {
      const { Note: note, Photo: photo } = await descriptionsOf([Note, Photo], { type });
      expect(note).toMatchObject({ group: 'Note', key: [{ property: 'guid', type: 'string' }] });
      expect(photo).toMatchObject({ group: 'Photo', key: [{ property: 'guid', type: 'string' }] });
    });

    it('does not reach siblings: what one adds, another does not have', async () => {
      @Entity()
      class Pair extends Owned {
        @ShardKey() @Column() more!: number;
      }
      const { Note: note, Pair: pair } = await descriptionsOf([Note, Pair]);
      expect(note?.key?.map(({ property }) => property)).toEqual(['guid']);
      expect(pair?.key?.map(({ property }) => property)).toEqual(['guid', 'more']);
    });

    it('is replaced by a declaration on the same property', async () => {
      @Entity()
      class User {
        @PrimaryColumn() @ShardKey() guid!: string;
      }
      @Entity()
      class Order extends Owned {
        @ShardKey(() => User) @Column() declare guid: string;
      }
      expect(await descriptionsOf([User, Order])).toMatchObject({ Order: { group: 'User', parent: 'User' } });
    });

    it('takes the group of an abstract class, and a child says otherwise', async () => {
      @Sharded({ group: 'media' })
      abstract class Media extends Owned {}
      @Entity()
      class Film extends Media {}
      @Entity()
      @Sharded({ group: 'songs' })
      class Song extends Media {}
      expect(await descriptionsOf([Film, Song])).toMatchObject({ Film: { group: 'media' }, Song: { group: 'songs' } });
    });

    it('takes the kind of an abstract class, and a child says otherwise', async () => {
      @ReferenceTable()
      abstract class Listed {
        @PrimaryColumn() code!: string;
      }
      @Entity()
      class Colour extends Listed {}
      @Entity()
      @Unsharded({ shard: 'a' })
      class Size extends Listed {}
      expect(await descriptionsOf([Colour, Size])).toMatchObject({ Colour: { kind: 'reference' }, Size: { kind: 'unsharded' } });
    });
  });

  describe('of concrete tables', () => {
    @Entity()
    class Vehicle {
      @PrimaryColumn() @ShardKey() plate!: string;
    }
    @Entity()
    class Truck extends Vehicle {
      @Column() load!: number;
    }

    it('gives each table the key and a group of its own', async () => {
      expect(await descriptionsOf([Vehicle, Truck])).toMatchObject({
        Vehicle: { group: 'Vehicle', key: [{ property: 'plate', type: 'string' }] },
        Truck: { group: 'Truck', key: [{ property: 'plate', type: 'string' }] },
      });
    });
  });

  describe('of a single table', () => {
    @Entity()
    @TableInheritance({ column: { type: 'varchar', name: 'kind' } })
    class Content {
      @PrimaryColumn() @ShardKey() guid!: string;
    }
    @ChildEntity()
    class Article extends Content {
      @Column() text!: string;
    }
    @ChildEntity()
    class Review extends Article {
      @Column() stars!: number;
    }

    it.each(dialects)('keeps all children, also of the second degree, in the group of the table (%s)', async (type) => {
      for (const entities of [
        [Content, Article, Review],
        [Review, Article, Content],
      ]) {
        const { Content: content, Article: article, Review: review } = await descriptionsOf(entities, { type });
        for (const each of [content, article, review]) {
          expect(each).toMatchObject({ kind: 'sharded', group: 'Content', key: [{ property: 'guid', type: 'string' }] });
        }
      }
    });

    it('places the children as the table', async () => {
      @Entity()
      @TableInheritance({ column: 'kind' })
      @Sharded({ placement: modulo(['a', 'b']) })
      class Item {
        @PrimaryColumn() @ShardKey() id!: number;
        @Column() kind!: string;
      }
      @ChildEntity()
      class Special extends Item {}
      expect(await descriptionsOf([Item, Special])).toMatchObject({
        Item: { group: 'Item', placement: 'modulo (2 shards)' },
        Special: { group: 'Item', placement: 'modulo (2 shards)' },
      });
    });
  });

  describe('of embedded classes', () => {
    class Owner {
      @ShardKey() @Column() tenant!: number;
      @ShardKey() @Column() region!: string;
    }
    class Header {
      @Column(() => Owner) owner!: Owner;
    }
    @Entity()
    class Letter {
      @PrimaryColumn('uuid') id!: string;
      @Column(() => Header) header!: Header;
    }

    it('names the key by its path', async () => {
      const { Letter: letter } = await descriptionsOf([Letter]);
      expect(letter?.key).toEqual([
        { property: 'header.owner.tenant', type: 'integer' },
        { property: 'header.owner.region', type: 'string' },
      ]);
    });

    it('finds an embedded key of another type than the parent by its path', async () => {
      @Entity()
      class Reply {
        @PrimaryColumn('uuid') id!: string;
        @ShardKey(() => Letter) @Column() tenant!: string;
      }
      expect(await faultsOf([Letter, Reply])).toEqual([
        'The shard key of Reply (string) differs in type from that of Letter (integer, string).',
      ]);
    });
  });
});

describe('a tree', () => {
  @Entity()
  @Tree('closure-table')
  class Folder {
    @PrimaryColumn() @ShardKey() guid!: string;
    @PrimaryColumn() name!: string;
    @TreeParent() parent!: Folder;
    @TreeChildren() children!: Folder[];
  }
  @Entity()
  @Tree('closure-table')
  class Branch {
    @PrimaryColumn('uuid') id!: string;
    @ShardKey() @Column() guid!: string;
    @TreeParent() parent!: Branch;
    @TreeChildren() children!: Branch[];
  }
  @Entity()
  @Tree('materialized-path')
  class Leaf {
    @PrimaryColumn('uuid') id!: string;
    @ShardKey() @Column() guid!: string;
    @TreeParent() parent!: Leaf;
    @TreeChildren() children!: Leaf[];
  }

  it('is refused with a closure table that lacks the shard key', async () => {
    expect(await faultsOf([Branch])).toEqual([
      'The table branch_closure that joins Branch would not contain the shard key. ' +
        'Make the shard key part of a joined primary key, or write the joining table as an entity with @ShardKey(() => Parent).',
    ]);
  });

  it('is refused as a nested set, whose numbers go through the whole table', async () => {
    @Entity()
    @Tree('nested-set')
    class Sprig {
      @PrimaryColumn('uuid') id!: string;
      @ShardKey() @Column() guid!: string;
      @TreeParent() parent!: Sprig;
      @TreeChildren() children!: Sprig[];
    }
    expect(await faultsOf([Sprig])).toEqual([
      "Sprig is a nested set, which numbers all rows of one table through. Use @Tree('materialized-path').",
    ]);
  });

  it('may have a materialized path', async () => {
    expect(await descriptionsOf([Leaf])).toMatchObject({ Leaf: { kind: 'sharded', group: 'Leaf' } });
  });

  it('is refused when a parent may have another key, as a second relation to the entity is', async () => {
    expect(await faultsOf([Folder])).toEqual([
      'Folder.parent leaves its group, but a tree must stay within one shard key. Make the key part of its primary key.',
      "Folder has a closure table, which TypeORM cannot make for a primary key of several columns. Use @Tree('materialized-path').",
    ]);
  });
});

describe('a view', () => {
  @ViewEntity({ expression: 'SELECT 1' })
  class Summary {
    @ShardKey() @ViewColumn() guid!: string;
  }
  @ViewEntity({ expression: 'SELECT 1' })
  class Total {
    @ViewColumn() sum!: number;
  }

  it('is read by the key that it shows', async () => {
    expect(await descriptionsOf([Summary])).toMatchObject({ Summary: { kind: 'sharded', key: [{ property: 'guid' }] } });
  });

  it('takes the type of the key from its parent, since columns of views declare none', async () => {
    @Entity()
    class Account {
      @PrimaryColumn('uuid') @ShardKey() id!: string;
    }
    @ViewEntity({ expression: 'SELECT 1' })
    class Balance {
      @ShardKey(() => Account) @ViewColumn() accountId!: string;
    }
    expect(await descriptionsOf([Account, Balance])).toMatchObject({
      Balance: { group: 'Account', parent: 'Account', key: [{ property: 'accountId', type: 'uuid' }] },
    });
  });

  it('is refused without a key', async () => {
    expect(await faultsOf([Total])).toEqual([expect.stringMatching(/^Total has no shard key\./)]);
  });
});
