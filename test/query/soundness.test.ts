import fc from 'fast-check';
import { Column, DataSource, Entity, JoinColumn, ManyToOne, type ObjectLiteral, PrimaryColumn } from 'typeorm';
import { hashRing, modulo, type Placement, ranges, ShardKey } from '../../src';
import { casesOf } from '../long-run';
import { anyCondition, type Condition, isNamedBy, namingCondition, toFindOption, toWhere } from './conditions';
import { Proofs, shards } from './proofs';

@Entity()
class Numbered {
  @PrimaryColumn() @ShardKey() key!: number;
  @PrimaryColumn() n!: number;
  @Column({ type: 'int', nullable: true }) other!: number | null;
}
@Entity()
class Named {
  @PrimaryColumn() @ShardKey() key!: string;
  @PrimaryColumn() n!: number;
}
@Entity()
class Reversed {
  @PrimaryColumn({ transformer: { to: (value: number) => 7 - value, from: (value: number) => 7 - value } }) @ShardKey() key!: number;
  @PrimaryColumn() n!: number;
}
@Entity()
class Pair {
  @PrimaryColumn() @ShardKey() key!: number;
  @PrimaryColumn() @ShardKey() n!: number;
}
class Place {
  @ShardKey() @Column() key!: number;
  @Column() n!: number;
}
@Entity()
class Placed {
  @PrimaryColumn() id!: string;
  @Column(() => Place) place!: Place;
}
@Entity()
class Parent {
  @PrimaryColumn() @ShardKey() guid!: number;
  @Column() size!: number;
}
@Entity()
class Child {
  @PrimaryColumn() id!: string;
  @ShardKey(() => Parent) @Column() parentGuid!: number;
  @ManyToOne(() => Parent) @JoinColumn({ name: 'parentGuid' }) parent!: Parent;
}

const [low, high] = [-8, 8];
const keys = Array.from({ length: high - low + 1 }, (_, index) => low + index);
const words = ['', 'a', 'A', 'ab', 'b', 'ä', 'z', "'", '%', '7'];
const number = fc.integer({ min: low - 2, max: high + 2 });
const small = fc.integer({ min: 0, max: 2 });
const word = fc.constantFrom(...words, 'missing');

/** What one entity is tried with. */
interface Trial {
  readonly entity: new () => ObjectLiteral;
  readonly needed?: readonly (new () => ObjectLiteral)[];
  readonly rows: readonly (readonly [entity: new () => ObjectLiteral, row: ObjectLiteral])[];
  readonly conditions: Readonly<Record<string, fc.Arbitrary<unknown>>>;
  readonly keyOf: (row: ObjectLiteral) => readonly unknown[];
  readonly placement?: Placement;
}

const each = (entity: new () => ObjectLiteral, make: (key: number, n: number) => ObjectLiteral) =>
  keys.flatMap((key) => [0, 1, 2].map((n) => [entity, make(key, n)] as const));
const numbered = each(Numbered, (key, n) => ({ key, n, other: n === 2 ? null : key }));
const ordered = {
  entity: Numbered,
  rows: numbered,
  conditions: { key: number, n: small, other: number },
  keyOf: ({ key }: ObjectLiteral) => [key],
};

const trials: Readonly<Record<string, Trial>> = {
  'of integers on a ring': { ...ordered, placement: hashRing() },
  'of integers on the classic ring': { ...ordered, placement: hashRing({ virtualNodes: 20 }) },
  'of integers by modulo': { ...ordered, placement: modulo(['a', 'b', 'c', 'd', 'e']) },
  'of integers by epochs': {
    ...ordered,
    placement: modulo([-100, -3, 4].map((from, index) => ({ from, shards: shards.slice(index, index + 3) }))),
  },
  'of integers by ranges': { ...ordered, placement: ranges([-100, -5, -1, 3, 6].map((from, index) => ({ from, shard: shards[index]! }))) },
  'of strings': {
    entity: Named,
    rows: words.flatMap((key) => [0, 1].map((n) => [Named, { key, n }] as const)),
    conditions: { key: word, n: small },
    keyOf: ({ key }) => [key],
  },
  'with a transformer, by ranges': {
    entity: Reversed,
    rows: each(Reversed, (key, n) => ({ key, n })),
    conditions: { key: number, n: small },
    keyOf: ({ key }) => [7 - key],
    placement: ranges([-100, -1, 3, 6, 9].map((from, index) => ({ from, shard: shards[index]! }))),
  },
  'of two columns': {
    entity: Pair,
    rows: each(Pair, (key, n) => ({ key, n })),
    conditions: { key: number, n: small },
    keyOf: ({ key, n }) => [key, n],
  },
  'in an embedded class': {
    entity: Placed,
    rows: each(Placed, (key, n) => ({ id: `${key}/${n}`, place: { key, n } })),
    conditions: { 'place.key': number, 'place.n': small },
    keyOf: ({ place }) => [place.key],
  },
  'of a parent': {
    entity: Child,
    needed: [Parent],
    rows: [
      ...keys.map((guid) => [Parent, { guid, size: guid % 3 }] as const),
      ...each(Child, (parentGuid, n) => ({ id: `${parentGuid}/${n}`, parentGuid })),
    ],
    conditions: { parentGuid: number, 'parent.guid': number, 'parent.size': small },
    keyOf: ({ parentGuid }) => [parentGuid],
  },
};

describe('proveRoute(), over conditions of every kind', () => {
  describe.each(Object.entries(trials))('for keys %s', (_, trial) => {
    const ordinary = new DataSource({ type: 'sqljs', entities: [trial.entity, ...(trial.needed ?? [])], synchronize: true });
    let proofs: Proofs;
    const condition = fc.record(
      Object.fromEntries(
        Object.entries(trial.conditions).map(([path, value]) => [path, fc.option(anyCondition(value), { nil: undefined, freq: 2 })]),
      ),
    );
    const branches = fc.oneof(condition, fc.array(condition, { minLength: 1, maxLength: 3 }));

    beforeAll(async () => {
      await ordinary.initialize();
      for (const [entity, row] of trial.rows) await ordinary.getRepository(entity).insert(structuredClone(row));
      proofs = await Proofs.of([trial.entity, ...(trial.needed ?? [])], trial.placement);
    });

    afterAll(() => ordinary.destroy());

    it('proves a shard for every row that one database finds', async () => {
      let narrowed = 0;
      await fc.assert(
        fc.asyncProperty(branches, async (given) => {
          const where = () => (Array.isArray(given) ? given.map(toWhere) : toWhere(given));
          const { shards: proved, route } = proofs.of(where());
          if (route !== 'all') narrowed += 1;
          const rows = await ordinary.getRepository(trial.entity).find({ where: where() });
          for (const row of rows) expect(proved).toContain(proofs.owner(...trial.keyOf(row)));
        }),
        { numRuns: casesOf({ short: 125, long: 250 }) },
      );
      expect(narrowed).toBeGreaterThan(0);
    });

    it('proves exactly one shard from every way of naming one key', () => {
      const paths = Object.keys(trial.conditions).filter((path) => !/^(other|n|place\.n|parent\.size|parent\.guid)$/.test(path));
      const [, first] = trial.rows.at(-1)!;
      const row = { ...first };
      for (const name of ['value', 'Equal', 'In', 'And', 'Or'] as const) {
        const named = (path: string) =>
          naming(
            name,
            path.split('.').reduce<unknown>((at, part) => (at as ObjectLiteral)[part], row),
          );
        const where = toWhere(Object.fromEntries([...paths, ...(trial.entity === Pair ? ['n'] : [])].map((path) => [path, named(path)])));
        expect(proofs.of(where)).toMatchObject({ route: 'one', shards: [proofs.owner(...trial.keyOf(row))] });
        expect(proofs.of([where, where])).toMatchObject({ route: 'one' });
      }
    });
  });
});

describe('proveRoute(), over conditions that name their values', () => {
  it.each([
    ['a ring', hashRing()],
    ['modulo', modulo([...shards])],
  ])('proves exactly the shards of the values left, on %s', async (_, placement) => {
    const proofs = await Proofs.of([Numbered], placement);
    fc.assert(
      fc.property(namingCondition(number), (condition) => {
        const left = Array.from({ length: 40 }, (_value, index) => index - 20).filter((key) => isNamedBy(key, condition));
        expect([...proofs.of({ key: toFindOption(condition) }).shards].sort()).toEqual(proofs.owners(left));
      }),
      { numRuns: casesOf({ short: 250, long: 500 }) },
    );
  });
});

function naming(kind: 'value' | 'Equal' | 'In' | 'And' | 'Or', value: unknown): Condition<unknown> {
  if (kind === 'In') return { kind, values: [value, value] };
  if (kind === 'value' || kind === 'Equal') return { kind, value };
  const equal = { kind: 'Equal', value } as const;
  return kind === 'Or' ? { kind, of: [equal, equal] } : { kind, of: [equal, { kind: 'Not', of: { kind: 'IsNull' } }] };
}
