import { OUTPUT_TAIL_CHARS_MAX } from '@torch/contracts';
import { OutputTail } from './output-tail';

function tailOf(...chunks: (string | Buffer)[]): string {
  return outputOf(...chunks).text();
}

function outputOf(...chunks: (string | Buffer)[]): OutputTail {
  const tail = new OutputTail();
  for (const chunk of chunks) tail.add(Buffer.from(chunk as string));
  return tail;
}

describe('the tail of an output', () => {
  it('is all of a short one, whatever its pieces', () => {
    const bytes = Buffer.from('a€b');
    expect(tailOf(...Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toBe('a€b');
  });

  it('is the end of a long one', () => {
    expect(tailOf('x'.repeat(30_000), 'end')).toBe(`${'x'.repeat(OUTPUT_TAIL_CHARS_MAX - 3)}end`);
    expect(tailOf(...Array.from({ length: 50_000 }, () => 'ab'))).toHaveLength(OUTPUT_TAIL_CHARS_MAX);
  });

  it('does not begin inside a character', () => {
    const text = tailOf(`${'😀'.repeat(OUTPUT_TAIL_CHARS_MAX)}!`);
    expect(text.length).toBeLessThanOrEqual(OUTPUT_TAIL_CHARS_MAX);
    expect(text.startsWith('😀')).toBe(true);
    expect(text).not.toContain('\ufffd');
  });

  it('can be had shorter', () => {
    expect(outputOf('one, two').text(3)).toBe('two');
    expect(outputOf('one, 😀').text(1)).toBe('');
  });
});
