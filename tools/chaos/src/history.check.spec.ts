import type { LoggedEffect, Operation } from './history';
import { checkHistory, type Without } from './history.check';

/** Ten operations one after the other, and the log that they lead to. */
const operations: readonly Operation[] = Array.from({ length: 10 }, (_, i) => ({
  client: i % 3,
  effect: `message.sent m-${i}`,
  sentAtMs: 10 * i,
  ackedAtMs: 10 * i + 5,
  position: `${i + 1}-0`,
  attempts: 1,
}));
const log: readonly LoggedEffect[] = operations.map(({ effect, position }) => ({ effect, position }));

const without = (index: number): LoggedEffect[] => log.filter((_, i) => i !== index);

const FAULTS: readonly {
  readonly what: Without;
  readonly log: readonly LoggedEffect[];
  readonly operations?: readonly Operation[];
  readonly count: 'lost' | 'doubled' | 'reordered';
}[] = [
  { what: 'lost', log: without(4), count: 'lost' },
  { what: 'doubled', log: [...log, { effect: 'message.sent m-4', position: '11-1' }], count: 'doubled' },
  { what: 'moved', log: [...without(9), { effect: 'message.sent m-9', position: '10-1' }], count: 'reordered' },
  {
    what: 'reordered',
    log: log.map((entry, i) => (i === 3 || i === 4 ? { ...entry, position: `${i === 3 ? 5 : 4}-0` } : entry)),
    operations: operations.map((operation, i) => (i === 3 || i === 4 ? { ...operation, position: `${i === 3 ? 5 : 4}-0` } : operation)),
    count: 'reordered',
  },
];

describe('a history in which nothing went wrong', () => {
  it('has nothing lost, doubled or reordered', () => {
    expect(checkHistory(operations, log)).toMatchObject({ acknowledged: 10, lost: 0, doubled: 0, reordered: 0, problems: [] });
  });

  it('may have effects that nobody was told of, and requests at the same time in any order', () => {
    const together = operations.map((operation) => ({ ...operation, sentAtMs: 0, ackedAtMs: 100 }));
    expect(checkHistory(together.toReversed(), [...log, { effect: 'message.sent m-x', position: '12-0' }])).toMatchObject({
      lost: 0,
      doubled: 0,
      reordered: 0,
    });
  });
});

describe.each(FAULTS)('a history with one $what', ({ what, log: broken, operations: done = operations, count }) => {
  it('is found, and said what it was', () => {
    const verdict = checkHistory(done, broken);
    expect(verdict[count]).toBe(1);
    expect(verdict.problems).toHaveLength(1);
  });

  it('is found by that check alone', () => {
    expect(checkHistory(done, broken, what)[count]).toBe(0);
  });
});
