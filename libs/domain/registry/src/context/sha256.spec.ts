import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { sha256 } from './sha256';

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 200 }));

describe('the SHA-256 of a text', () => {
  it('is what everybody else computes', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    fc.assert(fc.property(text, (text) => expect(sha256(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'))));
  });

  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])('is so at every length of a last block: %i bytes', (length) => {
    const text = 'x'.repeat(length);
    expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('takes a lone surrogate for what stands in for it', () => {
    expect(sha256('\ud800')).toBe(sha256('\ufffd'));
  });
});
