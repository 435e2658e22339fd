import { DeciderRun } from '@torch/testing';
import { completeTask, failTask, registered, submitRun, task, withAssignments } from './decider.fixture';

type Agent = [id: string, part?: Parameters<typeof registered>[1]];

function runWith(...agents: Agent[]) {
  return new DeciderRun(withAssignments()).happened(...agents.map(([id, part]) => registered(id, part)));
}

function assigned(run: DeciderRun<unknown>): string[] {
  return run.settle().flatMap(({ type, data }) => {
    const { taskId, agentId } = data as { taskId: string; agentId: string };
    return type === 'task.assigned' ? [`${taskId.slice('run-1.'.length)} → ${agentId}`] : [];
  });
}

describe('ready tasks', () => {
  it('go by priority, 0 first, then in order of submission', () => {
    const run = runWith(['agent-1', { capacity: 9 }]);
    run.decide(submitRun([task('late', { priority: 9 }), task('a'), task('b'), task('urgent', { priority: 0 })]));
    expect(assigned(run)).toEqual(['urgent → agent-1', 'a → agent-1', 'b → agent-1', 'late → agent-1']);
  });

  it('keep that order over classes of different skills', () => {
    const run = runWith(['agent-1', { capacity: 3, skills: ['ts', 'go'] }]);
    run.decide(
      submitRun([task('a', { skills: ['ts'] }), task('b'), task('c', { skills: ['go'] }), task('d', { skills: ['ts'], priority: 1 })]),
    );
    expect(assigned(run)).toEqual(['d → agent-1', 'a → agent-1', 'b → agent-1']);
  });

  it('take their old place again after a retry', () => {
    const run = runWith(['agent-1']);
    run.decide(submitRun([task('a'), task('b'), task('c')]));
    expect(assigned(run)).toEqual(['a → agent-1']);
    run.decide(failTask('a'));
    expect(assigned(run)).toEqual(['b → agent-1']);
    run.passTo(run.dueAtMs());
    run.decide(completeTask('b'));
    expect(assigned(run)).toEqual(['a → agent-1']);
  });

  it('take the place of their submission when their dependencies complete', () => {
    const run = runWith(['agent-1']);
    run.decide(submitRun([task('a'), task('behind-a', { dependsOn: ['a'] }), task('b')]));
    assigned(run);
    run.decide(completeTask('a'));
    expect(assigned(run)).toEqual(['behind-a → agent-1']);
  });

  it('wait for all of their dependencies', () => {
    const run = runWith(['agent-1', { capacity: 9 }]);
    run.decide(submitRun([task('a'), task('b'), task('both', { dependsOn: ['a', 'b'] })]));
    assigned(run);
    run.decide(completeTask('a'));
    expect(assigned(run)).toEqual([]);
    run.decide(completeTask('b'));
    expect(assigned(run)).toEqual(['both → agent-1']);
  });
});

describe('an agent fits', () => {
  it('when it has the role and every required skill', () => {
    const run = runWith(
      ['other-role', { role: 'specialist', skills: ['ts', 'go'] }],
      ['one-skill', { skills: ['ts'] }],
      ['both-skills', { skills: ['go', 'ts', 'css'] }],
    );
    run.decide(submitRun([task('a', { skills: ['ts', 'go'] }), task('b', { skills: ['go', 'ts'] })]));
    expect(assigned(run)).toEqual(['a → both-skills']);
  });

  it('for no more tasks than its capacity', () => {
    const run = runWith(['agent-1', { capacity: 2 }]);
    run.decide(submitRun([task('a'), task('b'), task('c')]));
    expect(assigned(run)).toEqual(['a → agent-1', 'b → agent-1']);
    run.decide(completeTask('b'));
    expect(assigned(run)).toEqual(['c → agent-1']);
  });
});

describe('among the agents that fit, the task goes to the one', () => {
  it('with the most preferred skills', () => {
    const run = runWith(['a-idle'], ['b-one', { skills: ['css'], capacity: 9 }], ['c-two', { skills: ['css', 'sql'], capacity: 9 }]);
    run.decide(submitRun([task('a', { prefer: ['css', 'sql', 'go'] }), task('b', { prefer: ['css', 'sql'] })]));
    expect(assigned(run)).toEqual(['a → c-two', 'b → c-two']);
  });

  it('then with the fewest running', () => {
    const run = runWith(['agent-1', { capacity: 9 }], ['agent-2', { capacity: 9 }], ['agent-3', { capacity: 9, skills: ['ts'] }]);
    run.decide(submitRun(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => task(key))));
    expect(assigned(run).map((line) => line.slice(-1))).toEqual(['1', '2', '3', '1', '2', '3']);
  });

  it('then with the better success rate', () => {
    const run = runWith(['agent-1'], ['agent-2']);
    run.decide(submitRun([task('a', { retries: 0 }), task('b')]));
    assigned(run);
    run.decide(failTask('a', { agentId: 'agent-1' }));
    run.decide(completeTask('b', { agentId: 'agent-2' }));
    run.decide(submitRun([task('c')], { runId: 'run-2' }));
    expect(assigned(run)).toEqual(['c → agent-2']);
  });

  it('then that has been idle for longest', () => {
    const run = runWith(['agent-1', { registeredAtMs: 30 }], ['agent-2', { registeredAtMs: 10 }], ['agent-3', { registeredAtMs: 20 }]);
    run.decide(submitRun([task('a'), task('b'), task('c')]));
    expect(assigned(run)).toEqual(['a → agent-2', 'b → agent-3', 'c → agent-1']);
  });

  it('then with the first id', () => {
    const run = runWith(['agent-2'], ['agent-1']);
    run.decide(submitRun([task('a')]));
    expect(assigned(run)).toEqual(['a → agent-1']);
  });
});
