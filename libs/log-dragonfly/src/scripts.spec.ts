import { SCRIPTS } from './scripts';

describe.each(Object.entries(SCRIPTS))('the script %s', (_, text) => {
  const code = text.replace(/--\[\[.*?\]\]/s, '');

  it('says what it takes, returns and refuses', () => {
    for (const part of ['KEYS[1]', 'Returns ', 'Errors ']) expect(text.slice(0, text.indexOf(']]'))).toContain(part);
  });

  it('declares in its header every key and argument that it uses', () => {
    const header = text.slice(0, text.indexOf('\n]]'));
    for (const [, used] of code.matchAll(/((?:KEYS|ARGV)\[\d)\]/g))
      expect([`${used}]`, `${used}…]`].some((named) => header.includes(named))).toBe(true);
  });

  it('has nothing in it that hangs, tears or is unknown on Dragonfly', () => {
    for (const forbidden of [/XINFO/i, /BLOCK/, /^#!/, /tostring/, /unpack/]) expect(code).not.toMatch(forbidden);
    expect(code).not.toMatch(/redis\.p?call\('[A-Z]+', (?!KEYS\[\d\])/);
  });
});
