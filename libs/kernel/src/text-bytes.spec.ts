import fc from 'fast-check';
import { textBytes } from './text-bytes';

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 200 }));

describe('the size of a text', () => {
  it('is that of its UTF-8, a lone surrogate counted as what stands in for it', () => {
    fc.assert(fc.property(text, (text) => expect(textBytes(text)).toBe(Buffer.byteLength(text))));
    expect([textBytes('\ud800x'), textBytes('x\udc00'), textBytes('\ud83d\ud83d\udd25')]).toEqual([4, 4, 7]);
  });
});
