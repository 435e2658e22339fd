import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { sha256 } from './sha256';
import { textBytes } from './text-bytes';

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 200 }));

describe('what rules compute of a text', () => {
  it('is the SHA-256 that everybody else computes', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    fc.assert(fc.property(text, (text) => expect(sha256(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'))));
  });

  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])('is so at every length of a last block: %i bytes', (length) => {
    const text = 'x'.repeat(length);
    expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('is its size in UTF-8, a lone surrogate counted as what stands in for it', () => {
    fc.assert(fc.property(text, (text) => expect(textBytes(text)).toBe(Buffer.byteLength(text))));
    expect([textBytes('\ud800x'), textBytes('x\udc00'), sha256('\ud800')]).toEqual([4, 4, sha256('\ufffd')]);
  });
});
