import { AGGREGATED_MAX, describeThrown, DESCRIPTION_CHARS_MAX, MESSAGE_CHARS_MAX, STACK_LINES_MAX } from './describe-thrown';

class PortTaken extends Error {
  readonly code = 'EADDRINUSE';
}

/** So that the line does not tell where this file is. */
const without = (error: Error): Error => Object.assign(error, { stack: undefined });

describe('what was thrown', () => {
  it.each<[string, unknown, string]>([
    ['an error', without(new TypeError('No such thing.')), 'TypeError: No such thing.'],
    ['a class of its own with a code', without(new PortTaken('Taken.')), 'PortTaken [EADDRINUSE]: Taken.'],
    ['an error without a message', without(new RangeError()), 'RangeError'],
    ['a text', 'boom', 'the text "boom", which is no error'],
    ['nothing', undefined, 'undefined, which is no error'],
    ['null', null, 'null, which is no error'],
    ['a number', 7, '7, which is no error'],
    ['a symbol', Symbol('s'), 'Symbol(s), which is no error'],
    ['a function', () => 1, 'a function, which is no error'],
    ['an object', { status: 3, of: { this: 'and that' } }, '{"status":3,"of":{"this":"and that"}}, which is no error'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}, which is no error'],
    ['what looks like an error', { name: 'Odd', message: 'As a text.', code: 5 }, 'Odd [5]: As a text.'],
    ['several lines', without(new Error('a\n  b\r\n\u001b[2Jc')), 'Error: a b [2Jc'],
  ])('is said in one line: %s', (_, thrown, line) => {
    expect(describeThrown(thrown)).toBe(line);
  });

  it('says where it came from, the innermost first', () => {
    const line = describeThrown(new Error('Here.'));
    expect(line).toMatch(/^Error: Here\. \(at .*describe-thrown\.spec\.ts:\d+:\d+/);
    expect(line.match(/(\(|; )at /g)).toHaveLength(STACK_LINES_MAX);
    expect(line).not.toContain('\n');
  });

  it('names its causes, to the end of them or as far as they are new', () => {
    const cause = without(new Error('The disk is full.', { cause: 'a text' }));
    expect(describeThrown(without(new Error('Not written.', { cause })))).toBe(
      'Error: Not written.; caused by Error: The disk is full.; caused by the text "a text", which is no error',
    );
    const cyclic = without(new Error('Round.'));
    cyclic.cause = cyclic;
    expect(describeThrown(cyclic)).toBe('Error: Round.; caused by an error that was named already');
    let deep: Error | undefined;
    for (let n = 0; n < 10_000; n++) deep = without(new Error(`${n}`, { cause: deep }));
    expect(describeThrown(deep)).toMatch(/^Error: 9999; caused by Error: 9998;.*; caused by more$/);
  });

  it('names the errors that it is made of', () => {
    const errors = Array.from({ length: AGGREGATED_MAX + 2 }, (_, n) => without(new Error(`${n}.`)));
    const line = describeThrown(without(new AggregateError(errors, 'All failed.')));
    expect(line).toBe(
      'AggregateError: All failed.; of 7 errors: (1) Error: 0., (2) Error: 1., (3) Error: 2., (4) Error: 3., (5) Error: 4., and others',
    );
  });

  it('is said as far as it can be read', () => {
    const unreadable = new Error('x');
    for (const field of ['stack', 'name', 'message', 'code', 'cause', 'errors'])
      Object.defineProperty(unreadable, field, {
        get: () => {
          throw new Error('No.');
        },
      });
    expect(describeThrown(unreadable)).toContain('which is no error');
    const throwing = {
      get detail(): string {
        throw new Error('No.');
      },
      other: 1,
    };
    expect(describeThrown(throwing)).toBe('an object with detail, other, which is no error');
    const cyclic: Record<string, unknown> = { a: 1 };
    cyclic.self = cyclic;
    expect(describeThrown(cyclic)).toBe('an object with a, self, which is no error');
    const no = (): never => {
      throw new Error('No.');
    };
    expect(describeThrown(new Proxy({}, { get: no, ownKeys: no, has: no }))).toBe('an object that cannot be read, which is no error');
  });

  it('is cut where it is very long, and says by how much', () => {
    expect(describeThrown(without(new Error('x'.repeat(MESSAGE_CHARS_MAX + 5))))).toBe(`Error: ${'x'.repeat(MESSAGE_CHARS_MAX)}… (5 more)`);
    const errors = Array.from({ length: 50 }, () => new AggregateError([new Error('y'.repeat(5000))], 'z'.repeat(5000)));
    expect(describeThrown(new AggregateError(errors, 'All.')).length).toBeLessThan(DESCRIPTION_CHARS_MAX + 30);
  });
});
