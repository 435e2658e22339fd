import type { TaskSpec } from '@torch/contracts';
import { type AnyEvent, Heap, type NewEvent } from '@torch/kernel';
import { schedulerDecider } from './decider';
import { cancelTask, registered, stopWork, submitRun, task } from './decider.fixture';
import type { SchedulerState } from './scheduler.state';

const NOW_MS = 1_000_000;
/** Items that one look may sort or move in heaps: a few for each event that it says, and not as many as there are. */
const MOVED_MAX = 5000;
const context = {
  nowMs: NOW_MS,
  newId: (() =>
    (
      (n) => () =>
        `id-${n++}`
    )(0))(),
};
const timers = { nowMs: NOW_MS, leaseNowMs: NOW_MS, max: 100 };

/** A state without a log: large ones are made in seconds. */
function evolved(state: SchedulerState, events: readonly (NewEvent | { type: string; data: object })[]): void {
  for (const event of events)
    schedulerDecider.evolve(state, {
      v: 1,
      project: 'p',
      subject: 's',
      actor: 'user:a',
      correlationId: 'c',
      ...event,
    } as AnyEvent as never);
}

function decided(state: SchedulerState, { type, data }: { type: string; data: object }): void {
  const command = { type, data, project: 'p', actor: 'user:a', correlationId: 'c' };
  evolved(state, schedulerDecider.decide(state, command as never, context));
}

function withTasks(state: SchedulerState, count: number, part: Partial<TaskSpec>): void {
  for (let at = 0; at < count; at += 1000) {
    const keys = Array.from({ length: Math.min(1000, count - at) }, (_, n) => `t${at + n}`);
    const specs = keys.map((key) => ({ ...task(key), ...part, taskId: `r${at}.${key}` }));
    decided(state, submitRun(specs, { runId: `r${at}` }));
  }
}

/** How many items are sorted, and how many find a place in a heap, meanwhile: what is kept in order costs so much. */
function moved(look: () => unknown): number {
  let count = 0;
  const spies = ['rise', 'sink'].map((name) => jest.spyOn(Heap.prototype as never, name as never));
  const before = Object.getOwnPropertyDescriptor(Array.prototype, 'sort') as PropertyDescriptor;
  const sort = jest.spyOn(Array.prototype, 'sort').mockImplementation(function (this: unknown[], by?: (a: unknown, b: unknown) => number) {
    count += this.length;
    return before.value.call(this, by);
  });
  look();
  count += spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  for (const spy of [...spies, sort]) spy.mockRestore();
  return count;
}

/** Takes whole answers until all is said: the most that one of them has cost. */
function settled(state: SchedulerState): { readonly worst: number; readonly said: number } {
  let [worst, said] = [0, 0];
  for (;;) {
    let answer: readonly NewEvent[] = [];
    worst = Math.max(
      worst,
      moved(() => (answer = schedulerDecider.settle?.(state, context) ?? [])),
    );
    if (answer.length === 0) return { worst, said };
    said += answer.length;
    evolved(state, answer);
  }
}

describe('a project, however much of it is concerned at once', () => {
  it('skips 100,000 dependants without sorting them for each answer', () => {
    const state = schedulerDecider.initialState();
    decided(state, submitRun([task('root')]));
    withTasks(state, 100_000, { dependsOn: ['run-1.root'] });
    decided(state, cancelTask('root'));
    const { worst, said } = settled(state);
    expect(said).toBeGreaterThan(100_000);
    expect(worst).toBeLessThan(MOVED_MAX);
  }, 60_000);

  it('stops 10,000 live attempts without sorting them for each answer', () => {
    const state = schedulerDecider.initialState();
    evolved(
      state,
      Array.from({ length: 10 }, (_, n) => registered(`agent-${n}`, { capacity: 1000 })),
    );
    withTasks(state, 10_000, {});
    settled(state);
    expect(state.live.size).toBe(10_000);
    decided(state, stopWork());
    const { worst, said } = settled(state);
    expect(said).toBeGreaterThanOrEqual(30_000);
    expect(worst).toBeLessThan(MOVED_MAX);
  }, 60_000);

  it('releases 100,000 claims of an agent that is gone without sorting them for each answer', () => {
    const state = schedulerDecider.initialState();
    evolved(state, [registered('agent-1')]);
    const granted = { agentId: 'agent-1', leaseUntilMs: NOW_MS, grantedAtMs: 1 };
    for (let n = 0; n < 100_000; n++)
      evolved(state, [{ type: 'claim.granted', data: { ...granted, claimId: `c${n}`, paths: [{ path: `repo:${n}`, mode: 'shared' }] } }]);
    expect(schedulerDecider.due?.(state, timers)).toHaveLength(100);
    evolved(state, [{ type: 'agent.deregistered', data: { agentId: 'agent-1', reason: 'x', deregisteredAtMs: 1 } }]);
    const { worst, said } = settled(state);
    expect(said).toBe(100_000);
    expect(worst).toBeLessThan(MOVED_MAX);
  }, 60_000);

  it('answers as many of 135,000 moments as are asked for, and looks at no others', () => {
    const state = schedulerDecider.initialState();
    withTasks(state, 135_000, { notBeforeMs: NOW_MS + 1 });
    const at = { ...timers, nowMs: NOW_MS + 1 };
    expect(moved(() => expect(schedulerDecider.due?.(state, at)).toHaveLength(100))).toBeLessThan(MOVED_MAX);
    expect(schedulerDecider.due?.(state, { ...at, max: 0 })).toEqual([]);
  }, 60_000);

  it('stops and resumes work without going through 135,000 queue timeouts', () => {
    const state = schedulerDecider.initialState();
    withTasks(state, 135_000, { queueTimeoutMs: 1000 });
    const atMs = NOW_MS + 50_000;
    const all = moved(() =>
      evolved(state, [
        { type: 'work.stopped', data: { reason: 'x', stoppedAtMs: NOW_MS } },
        { type: 'work.resumed', data: { resumedAtMs: atMs } },
      ]),
    );
    expect(all).toBeLessThan(100);
    expect(schedulerDecider.due?.(state, { ...timers, nowMs: atMs + 999 })).toEqual([]);
    for (let asked = 0; state.queueing.dueAtMs() < atMs + 1000; asked++) {
      if (asked > 2000) throw new Error('The queue timeouts are not counted anew.');
      schedulerDecider.due?.(state, { ...timers, nowMs: atMs + 999, max: 1000 });
    }
    expect(schedulerDecider.due?.(state, { ...timers, nowMs: atMs + 1000 })).toHaveLength(100);
  }, 60_000);
});

describe('leases, while they stand still', () => {
  it('are not among what is due, and back-offs are', () => {
    const state = schedulerDecider.initialState();
    evolved(state, [registered('agent-1', { capacity: 2 })]);
    withTasks(state, 2, { progressTimeoutMs: 100 });
    settled(state);
    const [first] = state.live;
    const { spec, attempt, assignments } = first!;
    const held = { taskId: spec.taskId, attempt, assignment: assignments.at(-1), agentId: 'agent-1' };
    decided(state, { type: 'FailTask', data: { ...held, class: 'retryable', reason: 'exit-code', message: 'x' } });
    const types = (leaseNowMs: number) =>
      schedulerDecider.due?.(state, { nowMs: NOW_MS + 99_000_000, leaseNowMs, max: 9 })?.map(({ type }) => type);
    expect(types(NOW_MS)).toEqual(['EndBackoff']);
    expect(types(NOW_MS + 99_000_000)).toEqual(['ExpireLease', 'EndBackoff']);
  });
});
