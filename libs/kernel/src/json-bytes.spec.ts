import { jsonBytes } from './json-bytes';

describe('the size of a value in the log', () => {
  it.each(['', 'plain', 'ä', '€', '🔥', '\ud800', '"\\\n\u0001', { a: [1, 'ß', null], b: { c: '🔥€' } }])(
    'is that of its UTF-8 JSON: %j',
    (value) => {
      expect(jsonBytes(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
    },
  );
});
