import { canonicalJson } from './canonical-json';

describe('canonical JSON', () => {
  it('has the same text for equal values, whatever the order of their keys', () => {
    expect(canonicalJson({ b: [{ y: 1, x: 2 }], a: 'ä' })).toBe('{"a":"ä","b":[{"x":2,"y":1}]}');
    expect(canonicalJson({ a: 'ä', b: [{ x: 2, y: 1 }] })).toBe(canonicalJson({ b: [{ y: 1, x: 2 }], a: 'ä' }));
  });

  it('keeps the order of lists', () => {
    expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
  });
});
