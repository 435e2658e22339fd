import { DeciderRun } from '@torch/testing';
import { schedulerDecider, schedulerDeciderWith } from './decider';
import {
  completeTask,
  deregistered,
  lost,
  recovered,
  registered,
  releaseAgent,
  submitRun,
  suspected,
  task,
  told,
  withAssignments,
} from './decider.fixture';
import { reactionTo } from './release-agent';

function working(capacity = 1, decider = schedulerDecider) {
  const run = new DeciderRun(withAssignments(decider)).happened(registered('agent-1', { capacity }));
  run.decide(submitRun(['a', 'b', 'c'].slice(0, capacity).map((key) => task(key))));
  run.settle();
  return run;
}

function react(run: ReturnType<typeof working>, event: { type: string; data: object }): string[] {
  run.happened(event);
  return reactionTo(event, run.state).flatMap((command) => told(run.decide(command as { type: string; data: object })));
}

const REQUEUED = ['task.attempt-failed run-1.a', 'task.retry-scheduled run-1.a', 'task.requeued run-1.a'];

describe('a suspected agent', () => {
  it('keeps its work and gets nothing new until it has recovered', () => {
    const run = working();
    expect(react(run, suspected('agent-1'))).toEqual([]);
    run.decide(completeTask('a'));
    run.decide(submitRun([task('b')], { runId: 'run-2' }));
    expect(told(run.settle()).filter((line) => line.includes('assigned'))).toEqual([]);
    expect(react(run, recovered('agent-1'))).toEqual([]);
    expect(told(run.settle())).toContain('task.assigned run-1.b #1 → agent-1');
  });
});

describe('a lost agent', () => {
  it('has its work requeued once, and its later result ignored', () => {
    const run = working();
    expect(react(run, lost('agent-1'))).toEqual(REQUEUED);
    expect(run.log.find(({ type }) => type === 'task.attempt-failed')?.data).toMatchObject({
      reason: 'agent-lost',
      message: 'Agent agent-1 is lost.',
    });
    expect(run.decide(releaseAgent('agent-1', 'agent-lost'))).toEqual([]);
    expect(told(run.decide(completeTask('a')))).toEqual(['task.result-ignored run-1.a']);
    run.happened(registered('agent-2'));
    expect(told(run.settle())).toContain('task.assigned run-1.a #2 → agent-2');
  });

  it('gets work again when it comes back, with its record', () => {
    const run = working();
    react(run, lost('agent-1'));
    expect(told(run.settle())).toEqual(['demand.changed developer 1/0']);
    run.happened(recovered('agent-1'));
    expect(told(run.settle())).toContain('task.assigned run-1.a #2 → agent-1');
    expect(run.state.agents.get('agent-1')).toMatchObject({ completed: 0, failed: 1 });
  });

  it('is forgotten when more were lost after it than are kept', () => {
    const run = new DeciderRun(withAssignments(schedulerDeciderWith({ agentsLostMax: 2 })));
    for (const id of ['agent-1', 'agent-2', 'agent-3']) run.happened(registered(id), lost(id));
    expect([...run.state.agents.keys()]).toEqual(['agent-2', 'agent-3']);
    run.happened(registered('agent-2'), lost('agent-2'), registered('agent-4'), lost('agent-4'));
    expect([...run.state.agents.keys()].sort()).toEqual(['agent-2', 'agent-4']);
  });
});

describe('a deregistered agent', () => {
  it('has its work requeued, and is forgotten', () => {
    const run = working();
    expect(react(run, deregistered('agent-1'))).toEqual(REQUEUED);
    expect(run.log.find(({ type }) => type === 'task.attempt-failed')?.data).toMatchObject({ reason: 'agent-gone' });
    expect(run.state.agents.size).toBe(0);
  });
});

describe('an agent that registers again', () => {
  it('as another instance gives up the attempts of the one before, and no others', () => {
    const run = working();
    const again = registered('agent-1', { instance: 'agent-1/2', capacity: 2 });
    run.happened(again);
    run.decide(submitRun([task('b')], { runId: 'run-2' }));
    expect(told(run.settle())).toEqual(['task.assigned run-1.b #1 → agent-1']);
    const released = reactionTo(again, run.state).flatMap((command) => told(run.decide(command as { type: string; data: object })));
    expect(released).toEqual(REQUEUED);
    expect(told(run.decide(completeTask('b')))).toEqual(['task.completed run-1.b']);
  });

  it('as the same instance keeps its attempts', () => {
    const run = working();
    expect(react(run, registered('agent-1', { skills: ['ts'] }))).toEqual([]);
    expect(told(run.decide(completeTask('a')))).toEqual(['task.completed run-1.a']);
  });

  it('with a smaller capacity gets nothing new before it has room', () => {
    const run = working(3);
    run.happened(registered('agent-1', { capacity: 1 }));
    run.decide(submitRun([task('d')], { runId: 'run-2' }));
    run.settle();
    run.decide(completeTask('a'));
    run.decide(completeTask('b'));
    expect(told(run.settle())).toEqual([]);
    run.decide(completeTask('c'));
    expect(told(run.settle())).toContain('task.assigned run-1.d #1 → agent-1');
  });
});

it('releases an agent with much work by several commands, none of which outgrows a commit', () => {
  const run = working(3, schedulerDeciderWith({ releasesPerCommandMax: 2 }));
  run.happened(lost('agent-1'));
  const commands = reactionTo(lost('agent-1'), run.state);
  expect(commands).toEqual([releaseAgent('agent-1', 'agent-lost'), releaseAgent('agent-1', 'agent-lost')]);
  expect(commands.map((command) => run.decide(command as { type: string; data: object }).length)).toEqual([6, 3]);
});

it('does nothing about an agent that it does not know', () => {
  const run = new DeciderRun(withAssignments()).happened(suspected('x'), recovered('x'), lost('x'), deregistered('x'));
  expect(run.digest()).toBe(new DeciderRun(withAssignments()).digest());
  expect(run.decide(releaseAgent('x', 'agent-lost'))).toEqual([]);
  expect(reactionTo({ type: 'task.completed', data: {} }, run.state)).toEqual([]);
});
