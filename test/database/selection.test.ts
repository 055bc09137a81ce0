import { kindsOf, narrowedLine, parseSelection, serverKindsOf } from './selection';

describe('TEST_DATABASES', () => {
  it.each(['', ' ', 'postgres,sqlite,mariadb'])('as "%s" chooses everything and does not call that narrowed', (text) => {
    const selection = parseSelection(text);

    expect(kindsOf(selection)).toEqual(['sqljs', 'better-sqlite3', 'mariadb', 'postgres']);
    expect(narrowedLine(selection)).toBeUndefined();
  });

  it('narrows a run, which says what it leaves out', () => {
    const selection = parseSelection('sqlite');

    expect(kindsOf(selection)).toEqual(['sqljs', 'better-sqlite3']);
    expect(serverKindsOf(selection)).toEqual([]);
    expect(narrowedLine(selection)).toBe('TEST_DATABASES=sqlite: narrowed on purpose; not run: mariadb, postgres');
  });

  it('takes names in any order, with blanks and repetitions', () => {
    expect(parseSelection(' postgres, mariadb,postgres').names).toEqual(['mariadb', 'postgres']);
  });

  it.each(['sqlit', 'sqlite,mysql', 'SQLITE', ',', 'toString'])('as "%s" is refused', (text) => {
    expect(() => parseSelection(text)).toThrow(/TEST_DATABASES=.* is a comma list of sqlite, mariadb, postgres; not known/);
  });
});
