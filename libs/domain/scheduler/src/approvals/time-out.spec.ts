import { SPEC_START_MS } from '@torch/testing';
import { registered, told } from '../decider.fixture';
import { answer, ask, expire, HOUR, running, statusOf, turn, waiting } from './approvals.fixture';
import { getApproval } from './approvals.reads';

const DUE_MS = SPEC_START_MS + HOUR;

describe('a question before the start that nobody answers', () => {
  it('is a no, unless the spec says otherwise', () => {
    const { run, approvalId } = waiting({ timeoutMs: HOUR });
    expect(run.dueAtMs()).toBe(DUE_MS);
    expect(turn(run, DUE_MS - 1)).toEqual([]);
    expect(turn(run, DUE_MS)).toMatchObject([
      { type: 'approval.answered', data: { approvalId, option: 'deny', timedOut: true, answeredAtMs: DUE_MS } },
      { type: 'task.failed', data: { reason: 'approval-denied: Nobody answered within 3600000 ms.' } },
      { type: 'run.ended', data: { status: 'failed' } },
    ]);
    expect(getApproval(run.state, { approvalId }).approval).toMatchObject({ answeredBy: 'service:spec' });
  });

  it('is a yes under the policy approve', () => {
    const { run } = waiting({ timeoutMs: HOUR, onTimeout: 'approve' });
    expect(told(turn(run, DUE_MS))).toEqual(expect.arrayContaining(['approval.answered run-1.a', 'task.assigned run-1.a #1 → agent-1']));
  });

  it('asks the project manager under the policy escalate, once, and then is a no', () => {
    const { run, approvalId } = waiting({ timeoutMs: HOUR, onTimeout: 'escalate' });
    expect(turn(run, DUE_MS + 7)).toMatchObject([
      {
        type: 'approval.escalated',
        data: { approvalId, to: 'project-manager', timeoutAtMs: DUE_MS + 7 + HOUR, escalatedAtMs: DUE_MS + 7 },
      },
    ]);
    expect(statusOf(run)).toBe('awaiting-approval');
    expect(turn(run.restart(), DUE_MS + 7 + HOUR - 1)).toEqual([]);
    expect(turn(run, DUE_MS + 7 + HOUR)).toMatchObject([
      { type: 'approval.answered', data: { option: 'deny', timedOut: true } },
      { type: 'task.failed' },
      { type: 'run.ended' },
    ]);
  });

  it('asks whom the spec names', () => {
    const { run } = waiting({ timeoutMs: HOUR, onTimeout: 'escalate', escalateTo: 'release-captain' });
    expect(turn(run, DUE_MS)).toMatchObject([{ type: 'approval.escalated', data: { to: 'release-captain' } }]);
  });
});

describe('a question in the middle that nobody answers', () => {
  it.each([
    ['deny', 'deny'],
    ['approve', 'approve'],
  ] as const)('is answered with %s by its policy, and the attempt goes on', (onTimeout, option) => {
    const run = running();
    run.decide(ask({ timeoutMs: HOUR, onTimeout }));
    expect(turn(run, DUE_MS)).toMatchObject([{ type: 'approval.answered', data: { option, timedOut: true } }]);
    expect(statusOf(run)).toBe('running');
  });

  it('keeps its attempt waiting through the escalation', () => {
    const run = running();
    run.decide(ask({ timeoutMs: HOUR, onTimeout: 'escalate' }));
    expect(told(turn(run, DUE_MS))).toEqual(['approval.escalated run-1.a']);
    expect(turn(run, DUE_MS + HOUR - 1)).toEqual([]);
    expect(statusOf(run)).toBe('running');
    expect(turn(run, DUE_MS + HOUR)).toMatchObject([{ type: 'approval.answered', data: { option: 'deny' } }]);
    expect(statusOf(run)).toBe('running');
  });
});

describe('an escalated question', () => {
  it('may be answered by an agent of the role that it is escalated to, and by people', () => {
    const { run, approvalId } = waiting({ timeoutMs: HOUR, onTimeout: 'escalate', escalateTo: 'captain' });
    run.happened(registered('agent-2', { role: 'captain' }));
    expect(run.tryToDecide(answer(approvalId, { actor: 'agent:agent-2' }))).toMatchObject({ code: 'not-asked' });
    turn(run, DUE_MS);
    expect(run.tryToDecide(answer(approvalId, { actor: 'agent:agent-1' }))).toMatchObject({ code: 'not-asked' });
    expect(run.decide(answer(approvalId, { actor: 'agent:agent-2' }))).toHaveLength(1);
    expect(getApproval(run.state, { approvalId }).approval).toMatchObject({ answeredBy: 'agent:agent-2', escalatedTo: 'captain' });
  });

  it('is never answered by the agent that asks it, whatever its role', () => {
    const run = running();
    run.decide(ask({ timeoutMs: HOUR, onTimeout: 'escalate', escalateTo: 'developer' }));
    turn(run, DUE_MS);
    expect(run.tryToDecide(answer('q-1', { actor: 'agent:agent-1' }))).toMatchObject({ code: 'not-asked' });
  });
});

describe('the timer of an approval', () => {
  it('says nothing before its time, after the answer, and of what there is not', () => {
    const { run, approvalId } = waiting({ timeoutMs: HOUR });
    expect(run.tryToDecide(expire(approvalId))).toMatchObject({ code: 'approval-not-due' });
    run.decide(answer(approvalId));
    run.at(DUE_MS);
    expect([run.decide(expire(approvalId)), run.decide(expire('nothing'))]).toEqual([[], []]);
  });
});
