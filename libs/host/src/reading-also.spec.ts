import type { AnyEvent, Decider } from '@torch/kernel';
import { readingAlso } from './reading-also';

const counting: Decider<{ seen: string[] }> = {
  initialState: () => ({ seen: [] }),
  decide: () => [],
  evolve: (state, { type }) => ({ seen: [...state.seen, type] }),
  foreign: ['task.completed'],
  snapshot: { version: 1, encode: (state) => state, decode: (encoded) => encoded as { seen: string[] } },
};

describe('rules that are shown more events', () => {
  it('read them, and keep their state as it is', () => {
    const decider = readingAlso(counting, ['agent.exited', 'task.completed']);
    expect(decider.foreign).toEqual(['task.completed', 'agent.exited']);
    const state = decider.initialState();
    expect(decider.evolve(state, { type: 'agent.exited' } as AnyEvent)).toBe(state);
    expect(decider.evolve(state, { type: 'task.completed' } as AnyEvent)).toEqual({ seen: ['task.completed'] });
  });
});
