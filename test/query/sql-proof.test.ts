import fc from 'fast-check';
import { Column, DataSource, Entity, type ObjectLiteral, PrimaryColumn } from 'typeorm';
import { hashRing, modulo, type Placement, ranges, ShardKey } from '../../src';
import { proveSql, type SqlCondition, type SqlDialect, soleSqlKey } from '../../src/query';
import { casesOf } from '../long-run';
import { Proofs, shards } from './proofs';

@Entity()
class Numbered {
  @PrimaryColumn() @ShardKey() key!: number;
  @PrimaryColumn() n!: number;
}
@Entity()
class Named {
  @PrimaryColumn() @ShardKey() key!: string;
  @PrimaryColumn() n!: number;
}
@Entity()
class Pair {
  @PrimaryColumn() @ShardKey() key!: number;
  @PrimaryColumn() @ShardKey() n!: number;
}
@Entity()
class Dated {
  @PrimaryColumn({ type: 'datetime' }) @ShardKey() key!: Date;
  @Column() n!: number;
}

const condition = (text: string, parameters: ObjectLiteral = {}, more: Partial<SqlCondition> = {}): SqlCondition => ({
  text,
  parameters,
  dialect: 'sqlite',
  alias: 'u',
  isAlone: true,
  ...more,
});

describe('proveSql()', () => {
  let numbers: Proofs;
  let names: Proofs;
  let ordered: Proofs;

  beforeAll(async () => {
    numbers = await Proofs.of([Numbered]);
    names = await Proofs.of([Named]);
    ordered = await Proofs.of([Numbered], ranges([0, 10, 20, 30, 40].map((from, index) => ({ from, shard: shards[index]! }))));
  });

  const prove = (proofs: Proofs, given: SqlCondition) => [...proveSql(proofs.sharding, given, proofs.table).shards].sort();

  it.each<[string, ObjectLiteral, readonly number[], SqlDialect]>([
    ['u.key = :a', { a: 7 }, [7], 'sqlite'],
    ['"u"."key" = :a', { a: '07' }, [7], 'postgres'],
    ['`u`.`key` = :a', { a: 7n }, [7], 'mysql'],
    ['`key` = 7', {}, [7], 'mariadb'],
    ['u.key = :a OR u.n = 1 AND u.key = :b', { a: 1, b: 2 }, [1, 2], 'sqlite'],
    ['7 = u.key', {}, [7], 'sqlite'],
    ['"key" = :a', { a: 7 }, [7], 'sqlite'],
    ['u.key = -7', {}, [-7], 'sqlite'],
    ['(u.key = :a.b)', { 'a.b': 7 }, [7], 'sqlite'],
    ['u.key IN (:...a)', { a: [1, 2, 3] }, [1, 2, 3], 'postgres'],
    ['u.key IN (:a, :b)', { a: 1, b: 2 }, [1, 2], 'mysql'],
    ['u.key IN (:a, :...b)', { a: 1, b: [2, 3] }, [1, 2, 3], 'sqlite'],
    ['u.key IN (1, 2)', {}, [1, 2], 'sqlite'],
    ['u.key = ANY(:a)', { a: [1, 2] }, [1, 2], 'postgres'],
    ['u.key = :a OR u.key = :b', { a: 1, b: 2 }, [1, 2], 'sqlite'],
    ["u.key = :a AND u.n LIKE 'x%'", { a: 1 }, [1], 'sqlite'],
    ['u.n = 1 AND (u.key = :a OR u.key = :b)', { a: 1, b: 2 }, [1, 2], 'sqlite'],
    ['u.key = :a OR u.key = :b AND u.key = :a', { a: 1, b: 2 }, [1], 'sqlite'],
    ['u.key = :a AND u.n IN (SELECT x FROM y)', { a: 1 }, [1], 'sqlite'],
    ['u.key IN (:...a) AND u.key IN (:...b)', { a: [1, 2], b: [2, 3] }, [2], 'sqlite'],
    ['u.key = :a AND u.key = :b', { a: 1, b: 2 }, [], 'sqlite'],
    ['( u.key = :a ) AND ( u.deletedAt IS NULL )', { a: 1 }, [1], 'sqlite'],
    ['NOT u.n = 1 AND u.key = :a', { a: 1 }, [1], 'sqlite'],
    ['u.key IN (:...a)', { a: [] }, [], 'sqlite'],
  ])('reads %s', (text, parameters, keys, dialect) => {
    expect(prove(numbers, condition(text, parameters, { dialect }))).toEqual(numbers.owners(keys));
  });

  it.each<[string, ObjectLiteral?, Partial<SqlCondition>?]>([
    [''],
    ['u.n = 1'],
    ['u.n = 1 OR u.n = 2 AND u.key = :a', { a: 1 }],
    ['NOT u.key = :a', { a: 1 }],
    ['NOT(u.key = :a)', { a: 1 }],
    ['u.key <> :a', { a: 1 }],
    ['u.key NOT IN (:...a)', { a: [1] }],
    ['u.key = :a', { a: null }],
    ['u.key = :a', {}],
    ['u.key = :a', { a: () => '1' }],
    ['u.key = :a', { a: true }],
    ['u.key = :a', { a: '7abc' }],
    ['u.key = :a', { a: [1] }],
    ['u.key = :a + 1', { a: 1 }],
    ['u.key + 1 = :a', { a: 1 }],
    ['ABS(u.key) = :a', { a: 1 }],
    ['u.key = u.n'],
    ['u.key = 1 = 0'],
    ['u.key IN (:a, u.n)', { a: 1 }],
    ['u.key IN (SELECT x FROM y)'],
    ['u.key = (SELECT x FROM y)'],
    ['o.key = :a', { a: 1 }],
    ['key = :a', { a: 1 }, { isAlone: false }],
    ['u.key COLLATE nocase = :a', { a: 1 }],
    ['u.key = 1 -- u.n'],
    ['u.key = 1 /* OR */'],
    ['u.n XOR u.n AND u.key = 1', {}, { dialect: 'mysql' }],
    ['u.n && u.n OR u.key = 1', {}, { dialect: 'mysql' }],
    ['u.key = 1 || u.n = 1', {}, { dialect: 'mysql' }],
    ['u.key > :a', { a: 1 }],
    ['u.key BETWEEN :a AND :b', { a: 1, b: 2 }],
    ['CASE WHEN u.key = 1 THEN 1 ELSE 1 END'],
    ['this is no SQL ('],
  ])('proves nothing by %s', (...[text, parameters, more]) => {
    expect(prove(numbers, condition(text, parameters, more))).toEqual([...shards]);
  });

  it('reads strings as they are compared, and nothing that may be another string', () => {
    const owner = (key: string) => [names.owner(key)];

    expect(prove(names, condition('u.key = :a', { a: 'x' }))).toEqual(owner('x'));
    expect(prove(names, condition("u.key = 'x'"))).toEqual(owner('x'));
    for (const text of [
      "u.key = 'it''s'",
      "u.key = 'a\\'b'",
      "u.key = E'x'",
      'u.key = "x"',
      "u.key = ':a'",
      "u.key = 'x' COLLATE nocase",
      'u.key = 7',
    ]) {
      expect(prove(names, condition(text, { a: 'x' }))).toEqual([...shards]);
    }
    expect(prove(names, condition('u.key = :a', { a: 7 }))).toEqual([...shards]);
    expect(prove(names, condition('u.key IN (:...a)', { a: ['x', null] }))).toEqual([...shards]);
  });

  it('narrows ordered placements by comparisons', () => {
    const on = (text: string, parameters: ObjectLiteral = {}) => prove(ordered, condition(text, parameters));

    expect(on('u.key BETWEEN :a AND :b', { a: 12, b: 25 })).toEqual(['b', 'c']);
    expect(on('u.key >= :a AND u.key < :b', { a: 12, b: 20 })).toEqual(['b', 'c']);
    expect(on('u.key < :a OR u.key > :b', { a: 5, b: 35 })).toEqual(['a', 'd', 'e']);
    expect(on('19.5 < u.key')).toEqual([...shards]);
    expect(on('u.key > :a', { a: 19.5 })).toEqual(['c', 'd', 'e']);
    expect(on('u.key NOT BETWEEN :a AND :b', { a: 12, b: 25 })).toEqual([...shards]);
  });

  it('narrows dates by Date parameters only', async () => {
    const days = [1, 10, 20].map((day, index) => ({ from: new Date(2024, 0, day), shard: shards[index]! }));
    const dates = await Proofs.of([Dated], ranges(days));

    expect(prove(dates, condition('u.key > :a', { a: new Date(2024, 0, 15) }))).toEqual(['b', 'c']);
    expect(prove(dates, condition('u.key > :a', { a: '2024-01-15' }))).toEqual(['a', 'b', 'c']);
  });

  it('names the one key that a condition allows', () => {
    const sole = (text: string, parameters: ObjectLiteral) => soleSqlKey(numbers.sharding, condition(text, parameters));

    expect(sole('u.key = :a AND u.n = 1', { a: 7 })).toBe('7');
    expect(sole('u.key IN (:...a)', { a: [7, '7'] })).toBe('7');
    expect(sole('u.key IN (:...a)', { a: [7, 8] })).toBeUndefined();
    expect(sole('u.n = 7', {})).toBeUndefined();
  });

  it('reads long lists and long chains without giving up', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => index);
    const orm = Object.fromEntries(many.map((each) => [`orm_param_${each}`, 7]));
    const list = `u.key IN (${many.map((each) => `:orm_param_${each}`).join(', ')})`;

    expect(prove(numbers, condition(list, orm))).toEqual([numbers.owner(7)]);
    expect(
      prove(
        numbers,
        condition(
          many
            .slice(0, 600)
            .map(() => 'u.key = 7')
            .join(' OR '),
        ),
      ),
    ).toEqual([numbers.owner(7)]);
  });
});

const number = fc.integer({ min: -4, max: 9 });
const column = fc.constantFrom('u.key', 'key', 'u.n', 'n');
const operand = fc.oneof(
  { arbitrary: number.map((value) => ({ text: String(value), value: undefined as number | undefined })), weight: 1 },
  { arbitrary: number.map((value) => ({ text: ':?', value: value as number | undefined })), weight: 2 },
);
interface Piece {
  readonly text: string;
  readonly values: readonly number[];
}
const piece = (text: string, operands: readonly { text: string; value: number | undefined }[]): Piece => ({
  text: operands.reduce((sql, { text: own }) => sql.replace('@', own), text),
  values: operands.flatMap(({ value }) => (value === undefined ? [] : [value])),
});
const leaf: fc.Arbitrary<Piece> = fc.oneof(
  fc
    .tuple(column, fc.constantFrom('=', '=', '=', '<', '>', '<=', '>=', '<>'), operand)
    .map(([name, symbol, value]) => piece(`${name} ${symbol} @`, [value])),
  fc.tuple(column, operand).map(([name, value]) => piece(`@ = ${name}`, [value])),
  fc
    .tuple(column, fc.constantFrom('IN', 'IN', 'NOT IN'), fc.array(operand, { minLength: 1, maxLength: 3 }))
    .map(([name, word, values]) => piece(`${name} ${word} (${values.map(() => '@').join(', ')})`, values)),
  fc
    .tuple(column, fc.constantFrom('BETWEEN', 'NOT BETWEEN'), operand, operand)
    .map(([name, word, a, b]) => piece(`${name} ${word} @ AND @`, [a, b])),
  fc.tuple(column, operand).map(([name, value]) => piece(`${name} + 1 = @`, [value])),
  fc
    .constantFrom('u.key IS NULL', 'u.n = u.key', '1=1', '0=1', 'u.key IN (SELECT 1)', 'ABS(u.key) = 2', 'u.key = 2 = 1')
    .map((text) => piece(text, [])),
);
const tree: fc.Arbitrary<Piece> = fc.letrec<{ tree: Piece }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(fc.tuple(fc.constantFrom(' AND ', ' OR '), tie('tree')), { minLength: 2, maxLength: 4 }).map(joined),
    tie('tree').map(({ text, values }) => ({ text: `(${text})`, values })),
    fc.tuple(fc.constantFrom('NOT ', 'NOT'), tie('tree')).map(([word, { text, values }]) => ({ text: `${word}(${text})`, values })),
    leaf.map(({ text, values }) => ({ text: `NOT ${text}`, values })),
  ),
})).tree;

function joined(parts: readonly (readonly [string, Piece])[]): Piece {
  return {
    text: parts.map(([word, { text }], index) => (index === 0 ? text : word + text)).join(''),
    values: parts.flatMap(([, { values }]) => values),
  };
}

function asCondition({ text, values }: Piece): SqlCondition {
  let index = 0;
  const named = text.replaceAll(':?', () => `:v${index++}`);
  return condition(named, Object.fromEntries(values.map((value, place) => [`v${place}`, value])));
}

describe('proveSql(), over conditions of every kind', () => {
  const placements: readonly [string, new () => ObjectLiteral, Placement][] = [
    ['integers on a ring', Numbered, hashRing()],
    ['integers by modulo', Numbered, modulo([...shards])],
    ['integers by ranges', Numbered, ranges([-10, -1, 2, 4, 7].map((from, index) => ({ from, shard: shards[index]! })))],
    ['two columns', Pair, hashRing()],
  ];

  it.each(placements)('proves a shard for every row that SQLite finds, for %s', async (_, entity, placement) => {
    const proofs = await Proofs.of([entity], placement);
    const ordinary = await new DataSource({ type: 'sqljs', entities: [entity], synchronize: true }).initialize();
    const keys = Array.from({ length: 14 }, (_value, index) => index - 4);
    await ordinary.getRepository(entity).insert(keys.flatMap((key) => [-1, 0, 1, 2, 5].map((n) => ({ key, n }))));
    const table = ordinary.getMetadata(entity).tableName;
    let narrowed = 0;

    await fc.assert(
      fc.asyncProperty(tree, async (generated) => {
        const given = asCondition(generated);
        const proof = proveSql(proofs.sharding, given, proofs.table);
        if (proof.route !== 'all') narrowed += 1;
        const [sql, parameters] = ordinary.driver.escapeQueryWithParameters(
          `SELECT * FROM "${table}" "u" WHERE ${given.text}`,
          given.parameters,
        );
        const rows: { key: number; n: number }[] = await ordinary.query(sql, parameters);
        for (const { key, n } of rows) expect(proof.shards).toContain(proofs.owner(...(entity === Pair ? [key, n] : [key])));
      }),
      { numRuns: casesOf({ short: 400, long: 800 }) },
    );
    await ordinary.destroy();

    expect(narrowed).toBeGreaterThan(0);
  });
});
