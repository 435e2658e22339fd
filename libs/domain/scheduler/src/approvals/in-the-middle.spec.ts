import { SPEC_START_MS } from '@torch/testing';
import { cancelTask, completeTask, failTask, lost, releaseAgent, reportProgress, told } from '../decider.fixture';
import { answer, ask, HOUR, LEASE_MS, leaseOf, running, statusOf, TIMEOUT_MS, turn } from './approvals.fixture';
import { ATTEMPT_QUESTIONS_MAX } from './approvals.rules';
import { getApproval, listApprovals } from './approvals.reads';

const STARTED_MS = SPEC_START_MS;
const MINUTE = 60_000;

describe('a question of a running attempt', () => {
  it('says who asks what, and until when', () => {
    const run = running();
    expect(run.decide(ask({ options: ['blue', 'green'], timeoutMs: HOUR }))).toEqual([
      {
        type: 'approval.requested',
        subject: 'approval/q-1',
        data: {
          approvalId: 'q-1',
          taskId: 'run-1.a',
          attempt: 1,
          agentId: 'agent-1',
          question: 'Drop the table?',
          options: ['blue', 'green'],
          timeoutAtMs: STARTED_MS + HOUR,
          onTimeout: 'deny',
          requestedAtMs: STARTED_MS,
        },
      },
    ]);
    expect(statusOf(run)).toBe('running');
  });

  it('is answered with one of its options, or with deny', () => {
    const run = running();
    run.decide(ask({ options: ['blue', 'green'] }));
    run.decide(ask({ approvalId: 'q-2', options: ['blue', 'green'] }));
    expect(run.tryToDecide(answer('q-1'))).toMatchObject({ code: 'unknown-option' });
    expect(run.decide(answer('q-1', { option: 'green' }))).toMatchObject([{ type: 'approval.answered', data: { option: 'green' } }]);
    expect(told(run.decide(answer('q-2', { option: 'deny' })))).toEqual(['approval.answered run-1.a']);
    expect(statusOf(run)).toBe('running');
  });

  it('changes nothing when it is asked again, before and after the answer', () => {
    const run = running();
    run.decide(ask());
    expect(run.decide(ask({ question: 'Really?' }))).toEqual([]);
    run.decide(answer('q-1'));
    expect(run.decide(ask())).toEqual([]);
    expect(run.tryToDecide(ask({ attempt: 2 }))).toMatchObject({ code: 'approval-exists' });
  });

  it('is not answered by the agent that asks it', () => {
    const run = running();
    run.decide(ask());
    expect(run.tryToDecide(answer('q-1', { actor: 'agent:agent-1' }))).toMatchObject({ code: 'not-asked' });
  });

  it.each([
    ['stale-attempt', ask({ attempt: 2 })],
    ['stale-attempt', ask({ agentId: 'agent-2' })],
    ['stale-attempt', ask({ assignment: 'another' })],
    ['unknown-task', ask({ taskId: 'run-1.x' })],
    ['approval-contradictory', ask({ onTimeout: 'approve', options: ['blue', 'green'] })],
    ['approval-contradictory', ask({ onTimeout: 'deny', escalateTo: 'boss' })],
  ])('is refused as %s when it cannot be asked', (code, command) => {
    const run = running();
    const before = run.digest();
    expect(run.tryToDecide(command)).toMatchObject({ code });
    expect(run.digest()).toBe(before);
  });

  it('needs an attempt that has started', () => {
    const run = running();
    run.decide(failTask('a'));
    run.passTo(run.dueAtMs());
    run.settle();
    expect(run.tryToDecide(ask({ attempt: 2 }))).toMatchObject({ code: 'attempt-not-started' });
  });

  it('is one of so many that are open at a time', () => {
    const run = running();
    for (let n = 1; n <= ATTEMPT_QUESTIONS_MAX; n++) run.decide(ask({ approvalId: `q-${n}` }));
    expect(run.tryToDecide(ask({ approvalId: 'more' }))).toMatchObject({ code: 'too-many-approvals' });
    run.decide(answer('q-3'));
    expect(run.decide(ask({ approvalId: 'more' }))).toHaveLength(1);
  });
});

describe('the lease of an attempt that waits for an answer', () => {
  it('stands still, and goes on with what was left of it', () => {
    const run = running().at(STARTED_MS + 4 * MINUTE);
    run.decide(ask({ timeoutMs: 5 * HOUR }));
    expect(leaseOf(run)).toBe(STARTED_MS + 5 * HOUR + LEASE_MS);
    expect(turn(run, STARTED_MS + 3 * HOUR)).toEqual([]);
    run.decide(answer('q-1'));
    const leftMs = LEASE_MS - 4 * MINUTE;
    expect(leaseOf(run)).toBe(STARTED_MS + 3 * HOUR + leftMs);
    expect(turn(run, STARTED_MS + 3 * HOUR + leftMs - 1)).toEqual([]);
    expect(told(turn(run, STARTED_MS + 3 * HOUR + leftMs))).toContain('task.attempt-failed run-1.a');
  });

  it('stands still until the last of several questions is answered', () => {
    const run = running().at(STARTED_MS + 4 * MINUTE);
    run.decide(ask({ timeoutMs: HOUR }));
    run.at(STARTED_MS + 5 * MINUTE);
    run.decide(ask({ approvalId: 'q-2', timeoutMs: 2 * HOUR }));
    run.at(STARTED_MS + 6 * MINUTE);
    run.decide(answer('q-2'));
    expect(leaseOf(run)).toBe(STARTED_MS + HOUR + LEASE_MS);
    run.at(STARTED_MS + 7 * MINUTE);
    run.decide(answer('q-1'));
    expect(leaseOf(run)).toBe(STARTED_MS + 7 * MINUTE + LEASE_MS - 4 * MINUTE);
  });

  it('goes on after the time-out of the question, also when that is seen late', () => {
    const run = running();
    run.decide(ask({ timeoutMs: HOUR, onTimeout: 'approve' }));
    const lateMs = STARTED_MS + 3 * HOUR; // Nobody was there to see the time-out, nor the end of the lease behind it.
    expect(told(turn(run, lateMs))).toEqual(['approval.answered run-1.a']);
    expect([statusOf(run), leaseOf(run)]).toEqual(['running', lateMs + LEASE_MS]);
  });

  it('comes back from a snapshot as it was', () => {
    const run = running();
    run.decide(ask({ timeoutMs: HOUR }));
    run.restart().at(STARTED_MS + MINUTE);
    run.decide(answer('q-1'));
    expect(leaseOf(run)).toBe(STARTED_MS + MINUTE + LEASE_MS);
  });
});

describe('the progress timeout of an attempt that waits for an answer', () => {
  it('begins anew with the answer', () => {
    const run = running({ progressTimeoutMs: MINUTE });
    run.decide(ask({ timeoutMs: HOUR }));
    run.at(STARTED_MS + MINUTE / 2);
    run.decide(reportProgress('a'));
    expect(turn(run, STARTED_MS + 10 * MINUTE)).toEqual([]);
    run.decide(answer('q-1'));
    expect(run.dueAtMs()).toBe(STARTED_MS + 11 * MINUTE);
    expect(told(turn(run, STARTED_MS + 11 * MINUTE))).toContain('task.attempt-failed run-1.a');
  });
});

describe('a question whose attempt is over', () => {
  it.each([
    ['completes', () => completeTask('a'), 'Attempt 1 of task run-1.a is over.'],
    ['fails', () => failTask('a'), 'Attempt 1 of task run-1.a is over.'],
    ['is cancelled', () => cancelTask('a'), 'Attempt 1 of task run-1.a is over.'],
  ])('is withdrawn when the attempt %s', (_how, command, reason) => {
    const run = running();
    run.decide(ask());
    run.decide(command());
    expect(run.tryToDecide(answer('q-1'))).toMatchObject({ code: 'approval-withdrawn' });
    const events = run.restart().settle();
    expect(events.filter(({ type }) => type === 'approval.withdrawn')).toMatchObject([{ data: { approvalId: 'q-1', reason } }]);
    expect(run.tryToDecide(answer('q-1'))).toMatchObject({ code: 'approval-withdrawn' });
    expect(listApprovals(run.state, {}).approvals).toEqual([]);
  });

  it('is withdrawn when the agent is lost', () => {
    const run = running();
    run.decide(ask());
    run.happened(lost('agent-1'));
    run.decide(releaseAgent('agent-1', 'agent-lost'));
    expect(told(run.settle())).toContain('approval.withdrawn run-1.a');
  });

  it('does not run out of time any more', () => {
    const run = running();
    run.decide(ask({ timeoutMs: 2 * TIMEOUT_MS }));
    run.decide(completeTask('a'));
    expect(run.decide({ type: 'ExpireApproval', data: { approvalId: 'q-1' } })).toEqual([]);
    run.settle();
    expect(run.dueAtMs()).toBe(Infinity);
  });
});

describe('approvals', () => {
  it('are listed with the open ones first, the oldest of them first', () => {
    const run = running();
    for (const approvalId of ['q-1', 'q-2', 'q-3', 'q-4']) run.decide(ask({ approvalId }));
    run.decide(answer('q-3'));
    run.decide(answer('q-1', { option: 'deny' }));
    const ids = (query: object) => listApprovals(run.state, query).approvals.map(({ approvalId }) => approvalId);
    expect(ids({})).toEqual(['q-2', 'q-4']);
    expect(ids({ open: false })).toEqual(['q-2', 'q-4', 'q-1', 'q-3']);
    expect(ids({ open: false, limit: 3, taskId: 'run-1.a' })).toEqual(['q-2', 'q-4', 'q-1']);
    expect(ids({ taskId: 'run-1.b' })).toEqual([]);
    expect(getApproval(run.state, { approvalId: 'nothing' })).toEqual({});
  });
});
