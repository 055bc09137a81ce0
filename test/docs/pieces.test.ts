import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ShardedDataSource, ShardKey } from '../../src';
import { typeErrors } from '../type-errors';
import { blocksOf } from './kinds';
import { expectedPrints, runPiece } from './run-piece';

const pieces = blocksOf('piece');

@Entity()
class User {
  @PrimaryColumn() @ShardKey() guid!: string;
  @Column() name!: string;
}

@Entity()
class Order {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => User) @Column() userGuid!: string;
}

/** What pieces may use of the quick start without declaring it, for the type check. */
const GLOBALS = `
import type { ShardedDataSource, ShardedRepository } from 'typeorm-sharding';
declare global {
  class User { guid: string; name: string }
  class Order { id: string; userGuid: string }
  const cluster: ShardedDataSource;
  const users: ShardedRepository<User>;
}`;

/** A name beside the document, as a module that awaits at its top; its lines are the document's. */
function moduleOf({ file, line, code }: { readonly file: string; readonly line: number; readonly code: string }) {
  return [file.replace(/\.md$/, `-${line}.mts`), `${'\n'.repeat(line)}${code}\nexport {};\n`] as const;
}

describe('The pieces of TypeScript in the documents', () => {
  it('are checked with types that would notice a mistake', () => {
    const wrong = 'const name: number = (await users.findOneByOrFail({ guid: 1 })).name;\nexport {};\n';
    expect(typeErrors({ 'docs/globals.mts': GLOBALS, 'docs/wrong.mts': wrong })).toHaveLength(2);
  });

  it('type-check', () => {
    expect(typeErrors({ 'docs/globals.mts': GLOBALS, ...Object.fromEntries(pieces.map(moduleOf)) })).toEqual([]);
  });

  describe.each([...new Set(pieces.map(({ file }) => file))])('in %s', (file) => {
    let cluster: ShardedDataSource;

    beforeAll(async () => {
      const shards = ['shard-1', 'shard-2', 'shard-3'];
      cluster = new ShardedDataSource({ type: 'sqljs', entities: [User, Order], synchronize: true, shards });
      await cluster.initialize();
    });

    afterAll(() => cluster.destroy());

    const own = pieces.filter((piece) => piece.file === file).map((piece) => [piece.line, piece.heading, piece.code] as const);

    it.each(own)('run one after the other and print what they say: line %i, %s', async (_line, _heading, code) => {
      const printed = await runPiece(code, { cluster, users: cluster.getRepository(User), User, Order });
      expect(printed).toEqual(expectedPrints(code));
    });
  });
});
