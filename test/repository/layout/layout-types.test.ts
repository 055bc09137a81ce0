import { typeErrors } from '../../type-errors';

const PRELUDE = `
import { BaseLayout, type ShardedDataSource } from '../../../src';
class UserHomeLayout extends BaseLayout<number[]> {
  static override TABLE_NAME = 'user_home_layout';
}
declare const cluster: ShardedDataSource;
declare const guid: string;
`;

/** What TypeScript says against statements that use the layout class. */
function errorsOf(statements: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
  const files = Object.entries(statements).map(([name, code]) => [
    `test/repository/layout/${name}.ts`,
    `${PRELUDE}export async function check(): Promise<void> { ${code} }`,
  ]);
  const errors = typeErrors(Object.fromEntries(files));
  return Object.fromEntries(
    Object.keys(statements).map((name) => [name, errors.filter((each) => each.startsWith(`test/repository/layout/${name}.ts`))]),
  );
}

describe('The types of a layout', () => {
  it('are inferred from the subclass', () => {
    const errors = errorsOf({
      use: 'UserHomeLayout.use(cluster); BaseLayout.use(cluster);',
      get: 'const value: number[] | null = await UserHomeLayout.get(guid); void value;',
      getMany: 'const values: Map<string, number[]> = await UserHomeLayout.getMany([guid]); void values;',
      getManyOfSet: 'await UserHomeLayout.getMany(new Set([guid]));',
      set: 'const done: void = await new UserHomeLayout(guid, [1, 2, 3, 4]).set(); void done;',
      setMany: 'await UserHomeLayout.setMany([[guid, [1]]]); await UserHomeLayout.setMany(new Map([[guid, [1]]]));',
      delete: 'const gone: number = await UserHomeLayout.delete(guid); void gone;',
      exists: 'const there: boolean = await UserHomeLayout.exists(guid); void there;',
      fields: 'const { ikey, value }: { ikey: string; value: number[] } = new UserHomeLayout(guid, []); void ikey; void value;',
    });
    expect(Object.entries(errors).filter(([, each]) => each.length > 0)).toEqual([]);
  });

  it('refuse what does not fit them', () => {
    const errors = errorsOf({
      wrongGet: 'const value: string[] | null = await UserHomeLayout.get(guid); void value;',
      nullForgotten: 'const value: number[] = await UserHomeLayout.get(guid); void value;',
      wrongValue: "await new UserHomeLayout(guid, ['a']).set();",
      wrongKey: 'await UserHomeLayout.get(1);',
      wrongMany: "await UserHomeLayout.setMany([[guid, ['a']]]);",
      wrongManyRead: 'const values: Map<string, string> = await UserHomeLayout.getMany([guid]); void values;',
      base: 'new BaseLayout(guid, 1);',
      ordinary: "UserHomeLayout.use('cluster');",
    });
    expect(Object.entries(errors).filter(([, each]) => each.length === 0)).toEqual([]);
  });
});
