import { DeciderRun, SPEC_START_MS } from '@torch/testing';
import {
  cancelRun,
  cancelTask,
  completeTask,
  failTask,
  registered,
  retryTask,
  submitRun,
  task,
  told,
  withAssignments,
} from '../decider.fixture';
import { schedulerDeciderWith } from '../decider';
import { answer, HOUR, questions, statusOf, turn, waiting } from './approvals.fixture';
import { getApproval, listApprovals } from './approvals.reads';

describe('a task that needs an approval', () => {
  it('waits for the answer although an agent is free', () => {
    const { run, asked } = waiting({ question: 'Ship it?', timeoutMs: HOUR });
    expect(asked).toEqual([
      {
        approvalId: 'id-1',
        taskId: 'run-1.a',
        question: 'Ship it?',
        options: ['approve', 'deny'],
        timeoutAtMs: SPEC_START_MS + HOUR,
        onTimeout: 'deny',
        requestedAtMs: SPEC_START_MS,
      },
    ]);
    expect(statusOf(run)).toBe('awaiting-approval');
    expect(run.settle()).toEqual([]);
  });

  it('asks a question of its own when its spec has none, with a day to answer', () => {
    const { asked } = waiting();
    expect(asked).toMatchObject([{ question: 'May task run-1.a start: Task a?', timeoutAtMs: SPEC_START_MS + 24 * HOUR }]);
  });

  it('asks in the thread of its run', () => {
    const run = new DeciderRun(withAssignments());
    run.decide({ ...submitRun([task('a', { approval: {} })]), correlationId: 'thread-1' });
    expect(run.settle()).toMatchObject([{ type: 'approval.requested', correlationId: 'thread-1', subject: 'approval/id-1' }]);
  });

  it('is assigned once somebody has agreed', () => {
    const { run, approvalId } = waiting();
    run.at(SPEC_START_MS + 5);
    expect(run.decide(answer(approvalId, { note: 'go' }))).toMatchObject([
      { type: 'approval.answered', data: { option: 'approve', note: 'go', timedOut: false, answeredAtMs: SPEC_START_MS + 5 } },
    ]);
    expect(told(run.settle())).toContain('task.assigned run-1.a #1 → agent-1');
    expect(getApproval(run.state, { approvalId }).approval).toMatchObject({ status: 'answered', answeredBy: 'user:operator', note: 'go' });
  });

  it('fails when somebody says no, with who and why', () => {
    const { run, approvalId } = waiting();
    expect(run.decide(answer(approvalId, { option: 'deny', note: 'too dear' }))).toMatchObject([
      { type: 'approval.answered', data: { option: 'deny' } },
      { type: 'task.failed', data: { taskId: 'run-1.a', attempts: 0, reason: 'approval-denied: user:operator said no: too dear' } },
    ]);
    expect(told(run.settle())).toEqual(['run.ended run-1 failed']);
  });

  it('asks only when its dependencies have completed', () => {
    const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
    run.decide(submitRun([task('a'), task('b', { dependsOn: ['a'], approval: {} })]));
    expect(questions(run.settle())).toEqual([]);
    run.decide(completeTask('a'));
    expect(questions(run.settle())).toMatchObject([{ taskId: 'run-1.b' }]);
  });

  it('asks again when somebody retries it, and not for an attempt of its own', () => {
    const { run, approvalId } = waiting();
    run.decide(answer(approvalId, { option: 'deny' }));
    run.settle();
    run.decide(retryTask('a'));
    const [again] = questions(run.settle());
    expect(again).toMatchObject({ taskId: 'run-1.a', approvalId: 'id-2' });
    run.decide(answer('id-2'));
    run.settle();
    run.decide(failTask('a'));
    expect(questions(turn(run, run.dueAtMs()))).toEqual([]);
    expect(run.state.tasks.get('run-1.a')).toMatchObject({ status: 'assigned', attempt: 2 });
  });

  it('is asked for once, also over restarts', () => {
    const { run } = waiting();
    expect(run.restart().settle()).toEqual([]);
    expect(listApprovals(run.state, {}).approvals).toHaveLength(1);
  });

  it('asks in the order of submission, as many questions at a time as fit into a commit', () => {
    const run = new DeciderRun(withAssignments(schedulerDeciderWith({ settleEventsMax: 3 })));
    run.decide(submitRun(['a', 'b', 'c', 'd', 'e'].map((key) => task(key, { approval: {} }))));
    expect(questions(run.answer()).map(({ taskId }) => taskId)).toEqual(['run-1.a', 'run-1.b', 'run-1.c']);
    expect(questions(run.restart().answer()).map(({ taskId }) => taskId)).toEqual(['run-1.d', 'run-1.e']);
    expect(questions(run.settle())).toEqual([]);
  });
});

describe('an approval whose task has ended', () => {
  it.each([
    ['by itself', cancelTask('a'), 'Task run-1.a is cancelled.'],
    ['with its run', cancelRun(), 'Task run-1.a is cancelled.'],
  ])('is withdrawn when the task is cancelled %s', (_how, command, reason) => {
    const { run, approvalId } = waiting();
    run.decide(command);
    const events = [...run.settle(), ...run.settle()];
    expect(events.filter(({ type }) => type === 'approval.withdrawn')).toMatchObject([{ data: { approvalId, reason } }]);
    expect(run.dueAtMs()).toBe(Infinity);
    expect(getApproval(run.state, { approvalId }).approval).toMatchObject({ status: 'withdrawn', note: reason });
  });

  it('takes no answer any more', () => {
    const { run, approvalId } = waiting();
    run.decide(cancelTask('a'));
    expect(run.tryToDecide(answer(approvalId))).toMatchObject({ code: 'approval-withdrawn' });
    run.settle();
    expect(run.tryToDecide(answer(approvalId))).toMatchObject({ code: 'approval-withdrawn' });
    expect(statusOf(run)).toBe('cancelled');
  });

  it('is not asked for in the first place, when the end comes in the same turn', () => {
    const run = new DeciderRun(withAssignments());
    run.decide(submitRun([task('a', { approval: {} })]));
    run.decide(cancelRun());
    expect(questions([...run.settle(), ...run.settle()])).toEqual([]);
    expect(listApprovals(run.state, { open: false }).approvals).toEqual([]);
  });
});

describe('an answer', () => {
  it('changes nothing when it is given again, by whomever', () => {
    const { run, approvalId } = waiting();
    run.decide(answer(approvalId));
    expect(run.decide(answer(approvalId))).toEqual([]);
    expect(run.decide(answer(approvalId, { actor: 'user:somebody', note: 'me too' }))).toEqual([]);
    expect(run.restart().decide(answer(approvalId))).toEqual([]);
  });

  it('is refused when it contradicts the first', () => {
    const { run, approvalId } = waiting();
    run.decide(answer(approvalId));
    const refused = run.tryToDecide(answer(approvalId, { option: 'deny', actor: 'user:somebody' }));
    expect(refused).toMatchObject({ code: 'approval-answered', message: expect.stringContaining('"approve" by user:operator') as string });
    run.settle();
    expect(statusOf(run)).toBe('assigned');
  });

  it('has to be one of the options, and about a question that there is', () => {
    const { run, approvalId } = waiting();
    const refused = run.tryToDecide(answer(approvalId, { option: 'perhaps' }));
    expect(refused).toMatchObject({ code: 'unknown-option', message: expect.stringContaining('"approve", "deny"') as string });
    expect(run.tryToDecide(answer('nothing'))).toMatchObject({ code: 'unknown-approval' });
    expect(statusOf(run)).toBe('awaiting-approval');
  });

  it.each(['project-manager', 'orchestrator'])('is for an agent of role %s to give', (role) => {
    const { run, approvalId } = waiting();
    run.happened(registered('boss-1', { role }));
    expect(run.decide(answer(approvalId, { actor: 'agent:boss-1' }))).toMatchObject([{ type: 'approval.answered' }]);
  });

  it('is not for other agents to give', () => {
    const { run, approvalId } = waiting();
    expect(run.tryToDecide(answer(approvalId, { actor: 'agent:agent-1' }))).toMatchObject({ code: 'not-asked' });
  });
});

describe('an approval that contradicts itself', () => {
  it('is refused with the run', () => {
    const run = new DeciderRun(withAssignments());
    const refused = run.tryToDecide(submitRun([task('a', { approval: { onTimeout: 'approve', escalateTo: 'boss' } })]));
    expect(refused).toMatchObject({
      code: 'approval-contradictory',
      message:
        'Task "a" contradicts itself: escalateTo "boss" needs onTimeout "escalate", and it is "approve". Leave escalateTo out, or escalate.',
    });
    expect(run.state.runs.size).toBe(0);
  });
});
