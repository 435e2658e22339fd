import type { Decider, TimerContext } from '@torch/kernel';
import { HOST_DEFAULTS } from './host.config';
import type { PartitionClock } from './partition-clock';
import { PartitionState } from './partition-state';
import { Timers } from './timers';

const OWNED_AT_MS = 1_000_000;
/** The owner before was last heard of an hour ago. */
const HEARD_AT_MS = OWNED_AT_MS - 3_600_000;

interface Due {
  dueAtMs: number;
}

describe('timers', () => {
  let nowMs: number;
  let asked: TimerContext[];
  let state: PartitionState<Due>;
  let timers: Timers<Due>;
  const decider = {
    foreign: [],
    initialState: () => ({ dueAtMs: Infinity }),
    decide: () => [],
    evolve: (_: Due, event: { data: unknown }) => event.data as Due,
    dueAtMs: ({ dueAtMs }: Due) => dueAtMs,
    due: (_: Due, context: TimerContext) => {
      asked.push(context);
      return [];
    },
    snapshot: { version: 1, encode: (due: Due) => due, decode: (due: unknown) => due as Due },
  } as unknown as Decider<Due>;
  const set = (project: string, dueAtMs: number, isNews = true): void => {
    state.evolve({ project, data: { dueAtMs } } as never);
    timers.update(project, isNews);
  };

  beforeEach(() => {
    nowMs = OWNED_AT_MS;
    asked = [];
    state = new PartitionState('scheduler', decider, HOST_DEFAULTS);
    state.recordedAtMs = HEARD_AT_MS;
    timers = new Timers(state, { nowMs: () => nowMs } as PartitionClock, HOST_DEFAULTS);
  });

  it('end no lease before those who hold one had the time to be heard by the new owner', () => {
    set('shop', 1);
    timers.commandsOf('shop');
    nowMs += HOST_DEFAULTS.leaseGraceMs - 1;
    timers.commandsOf('shop');
    nowMs++;
    timers.commandsOf('shop');
    expect(asked.map(({ nowMs: now, leaseNowMs }) => leaseNowMs - now)).toEqual([
      HEARD_AT_MS - OWNED_AT_MS,
      HEARD_AT_MS - OWNED_AT_MS - HOST_DEFAULTS.leaseGraceMs + 1,
      0,
    ]);
    expect(asked.every(({ max }) => max === HOST_DEFAULTS.timersAtOnceMax)).toBe(true);
  });

  it('come in the order of their times, each once until it is set again', () => {
    set('late', OWNED_AT_MS + 20);
    set('early', OWNED_AT_MS + 10);
    set('never', Infinity);
    expect(timers.msUntilDue()).toBe(10);
    nowMs += 30;
    expect(timers.takeDue()).toEqual({ project: 'early', causationId: `timer:${OWNED_AT_MS + 10}` });
    expect(timers.takeDue()?.project).toBe('late');
    expect(timers.takeDue()).toBeUndefined();
    expect(timers.msUntilDue()).toBe(Infinity);
  });

  it('that lead to nothing are not asked for again at once, and those that lead to something are', () => {
    set('shop', OWNED_AT_MS, false);
    expect(timers.due()).toBe(false);
    set('shop', OWNED_AT_MS, true);
    expect(timers.due()).toBe(true);
  });

  it('hold no more than there are projects, however often one is set anew', () => {
    for (let i = 0; i < 10_000; i++) set('shop', OWNED_AT_MS + 1_000_000 + i);
    const { order } = timers as unknown as { order: { size: number } };
    expect(order.size).toBeLessThan(100);
  });

  it('of a project that nothing is decided for are forgotten', () => {
    set('shop', OWNED_AT_MS - 1);
    timers.forget('shop');
    expect(timers.takeDue()).toBeUndefined();
  });
});
