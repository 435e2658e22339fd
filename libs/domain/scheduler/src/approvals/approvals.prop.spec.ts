import { DeciderRun } from '@torch/testing';
import fc from 'fast-check';
import { registered, submitRun, task, withAssignments } from '../decider.fixture';
import type { SchedulerState } from '../scheduler.state';
import { answer, ask, HOUR } from './approvals.fixture';
import { listApprovals } from './approvals.reads';
import { APPROVALS_CLOSED_KEPT } from './approvals.state';

type Step = (run: DeciderRun<SchedulerState>) => unknown;
type Run = DeciderRun<SchedulerState>;

const KEYS = ['a', 'b', 'c', 'd'];
const onTimeout = fc.constantFrom('deny' as const, 'approve' as const, 'escalate' as const);
const key = fc.constantFrom(...KEYS);
const taskOf = (run: Run, of: string) => run.state.tasks.get(`run-1.${of}`);
const held = (run: Run, of: string) => ({
  taskId: `run-1.${of}`,
  attempt: Math.max(1, taskOf(run, of)?.attempt ?? 1),
  agentId: taskOf(run, of)?.agentId ?? 'agent-1',
});

const step = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
  { weight: 8, arbitrary: key.map((of) => (run: Run) => run.tryToDecide({ type: 'StartTask', data: held(run, of) })) },
  {
    weight: 5,
    arbitrary: fc.record({ of: key, policy: onTimeout, timeoutMs: fc.integer({ min: 1000, max: HOUR }), n: fc.nat(9) }).map(
      ({ of, policy, timeoutMs, n }) =>
        (run: Run) =>
          run.tryToDecide(ask({ ...held(run, of), approvalId: `q-${n}`, onTimeout: policy, timeoutMs })),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.record({ n: fc.nat(12), option: fc.constantFrom('approve', 'deny') }).map(({ n, option }) => (run: Run) => {
      const open = listApprovals(run.state, { open: false }).approvals;
      const chosen = open[n % Math.max(1, open.length)];
      return chosen && run.tryToDecide(answer(chosen.approvalId, { option }));
    }),
  },
  {
    weight: 1,
    arbitrary: key.map((of) => (run: Run) => run.tryToDecide({ type: 'CancelTask', data: { taskId: `run-1.${of}`, reason: 'x' } })),
  },
  { weight: 1, arbitrary: key.map((of) => (run: Run) => run.tryToDecide({ type: 'RetryTask', data: { taskId: `run-1.${of}` } })) },
  {
    weight: 1,
    arbitrary: key.map((of) => (run: Run) => run.tryToDecide({ type: 'CompleteTask', data: { ...held(run, of), durationMs: 1 } })),
  },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 2 * HOUR }).map((ms) => (run: Run) => run.passTo(run.nowMs + ms)),
  },
);
const steps = fc.array(step, { minLength: 10, maxLength: 40, size: 'max' });
const policies = fc.array(fc.option(onTimeout, { nil: undefined }), { minLength: KEYS.length, maxLength: KEYS.length });

function play(all: readonly Step[], asking: readonly (string | undefined)[], after: (run: Run) => void = () => undefined): Run {
  const run = new DeciderRun(withAssignments()).happened(registered('agent-1', { capacity: 2 }), registered('agent-2'));
  const approvalOf = (policy: string | undefined) =>
    policy === undefined ? {} : { approval: { onTimeout: policy as 'deny', timeoutMs: HOUR } };
  run.decide(submitRun(KEYS.map((of, place) => task(of, { ...approvalOf(asking[place]), timeoutMs: HOUR }))));
  run.settle();
  for (const next of all) {
    next(run);
    after(run);
    for (let more = run.settle(); more.length > 0; more = run.settle()) after(run);
  }
  return run;
}

describe('approvals', () => {
  it('come to the same state live, from a replay, and from snapshots on the way', () => {
    fc.assert(
      fc.property(steps, policies, (all, asking) => {
        const live = play(all, asking);
        const restarted = play(all, asking, (run) => run.restart());
        expect(restarted.log).toEqual(live.log);
        expect(live.digest(live.replayed())).toBe(live.digest());
        expect(restarted.digest()).toBe(live.digest());
        expect(restarted.dueAtMs()).toBe(live.dueAtMs());
      }),
      { numRuns: 40 },
    );
  });

  it('are each closed at most once, escalated at most once, and never open for what has ended', () => {
    fc.assert(
      fc.property(steps, policies, (all, asking) => {
        const run = play(all, asking);
        const closed = new Set<string>();
        const escalated = new Set<string>();
        for (const { type, data } of run.log) {
          const { approvalId } = data as { approvalId: string };
          if (type === 'approval.answered' || type === 'approval.withdrawn') expect(closed.size).toBe(closed.add(approvalId).size - 1);
          if (type === 'approval.escalated') expect(escalated.size).toBe(escalated.add(approvalId).size - 1);
        }
        for (const { taskId, attempt } of listApprovals(run.state, {}).approvals) {
          const { status, attempt: newest } = run.state.tasks.get(taskId) ?? {};
          expect(attempt === undefined ? status : [status, newest]).toEqual(
            attempt === undefined ? 'awaiting-approval' : ['running', attempt],
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  it('let no task start that needs one before a yes, and none that got a no', () => {
    fc.assert(
      fc.property(steps, policies, (all, asking) => {
        const agreed = new Map<string, string>();
        for (const { type, data } of play(all, asking).log) {
          const { taskId, option, approvalId, reason } = data as Record<'taskId' | 'option' | 'approvalId' | 'reason', string>;
          if (type === 'task.requeued' && reason === 'retry-asked') agreed.delete(taskId);
          if (type === 'approval.answered' && !approvalId.startsWith('q-')) agreed.set(taskId, option);
          if (type === 'task.assigned' && asking[KEYS.indexOf(taskId.slice(-1))] !== undefined) expect(agreed.get(taskId)).toBe('approve');
        }
      }),
      { numRuns: 40 },
    );
  });

  it('all end: once every time-out has passed, no question is open', () => {
    fc.assert(
      fc.property(steps, policies, (all, asking) => {
        const run = play(all, asking);
        for (let hours = 0; hours < 12; hours++) {
          run.passTo(run.nowMs + HOUR);
          while (run.settle().length > 0);
        }
        expect(listApprovals(run.state, {}).approvals).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

describe('closed approvals', () => {
  it('are remembered in a limited number, the newest', () => {
    const run = play([], ['deny']);
    run.decide({ type: 'StartTask', data: held(run, 'b') });
    for (let n = 0; n <= APPROVALS_CLOSED_KEPT; n++) {
      run.decide(ask({ ...held(run, 'b'), approvalId: `q-${n}` }));
      run.decide(answer(`q-${n}`));
    }
    expect(run.state.approvals.closed.size).toBe(APPROVALS_CLOSED_KEPT);
    expect([run.state.approvals.find('q-0'), run.state.approvals.find('q-1')?.option]).toEqual([undefined, 'approve']);
  });
});
