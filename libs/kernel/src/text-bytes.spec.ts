import fc from 'fast-check';
import { cutToBytes, textBytes } from './text-bytes';

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 200 }));

describe('the size of a text', () => {
  it('is that of its UTF-8, a lone surrogate counted as what stands in for it', () => {
    fc.assert(fc.property(text, (text) => expect(textBytes(text)).toBe(Buffer.byteLength(text))));
    expect([textBytes('\ud800x'), textBytes('x\udc00'), textBytes('\ud83d\ud83d\udd25')]).toEqual([4, 4, 7]);
  });
});

describe('a text that is cut', () => {
  const bytesMax = fc.nat(220);

  it('is its own beginning, and as long as fits', () => {
    fc.assert(
      fc.property(text, bytesMax, (text, bytesMax) => {
        const cut = cutToBytes(text, bytesMax);
        const [next] = text.slice(cut.length);
        expect(text.startsWith(cut)).toBe(true);
        expect(textBytes(cut)).toBeLessThanOrEqual(bytesMax);
        if (next !== undefined) expect(textBytes(cut + String.fromCodePoint(text.codePointAt(cut.length)!))).toBeGreaterThan(bytesMax);
      }),
    );
  });

  it('never ends in half of a character', () => {
    expect([7, 8, 11].map((bytesMax) => cutToBytes('🛑🛑🛑', bytesMax))).toEqual(['🛑', '🛑🛑', '🛑🛑']);
  });
});
