import { askedTexts } from '../../../src/repository/relations/asked-texts';

describe('askedTexts', () => {
  it('takes a found value for the same one that was asked for', () => {
    const asked = askedTexts(['a', 'A', 'b'], ['A', 'b']);

    expect(asked('A')).toEqual(['A']);
    expect(asked('b')).toEqual(['b']);
  });

  it('matches without regard to case, accents and trailing blanks where the database does', () => {
    const asked = askedTexts(['Zoe', 'ZOÉ ', 'b'], ['zoë', 'b']);

    expect(asked('zoë')).toEqual(['Zoe', 'ZOÉ ']);
    expect(asked('b')).toEqual(['b']);
    expect(asked('c')).toEqual([]);
  });
});
