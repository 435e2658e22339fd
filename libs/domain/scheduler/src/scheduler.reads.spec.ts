import { fieldProblem, RunView, TaskList, TaskView } from '@torch/contracts';
import { DeciderRun, SPEC_START_MS } from '@torch/testing';
import { completeTask, failTask, lost, registered, startTask, submitRun, task, withAssignments } from './decider.fixture';
import { listAgentWork, listRuns, listTasks, runView, taskView } from './scheduler.reads';

function twoRuns() {
  const run = new DeciderRun(withAssignments()).happened(registered('agent-1', { capacity: 2 }));
  run.decide({ ...submitRun([task('a'), task('b'), task('c', { dependsOn: ['a'] })], { name: 'nightly' }), correlationId: 'plan-7' });
  run.decide(submitRun([task('d'), task('e')], { runId: 'run-2' }));
  run.settle();
  return run;
}

const keys = ({ tasks }: TaskList): string[] => tasks.map(({ spec }) => spec.key);

describe('a task is seen', () => {
  it('with its place in its life', () => {
    const run = twoRuns();
    run.decide(startTask('a'));
    expect(taskView(run.state, 'run-1.a')).toEqual({
      runId: 'run-1',
      spec: task('a'),
      status: 'running',
      attempt: 1,
      assignment: 'id-1',
      agentId: 'agent-1',
      submittedAtMs: SPEC_START_MS,
      startedAtMs: SPEC_START_MS,
      leaseUntilMs: SPEC_START_MS + 90_000,
      priority: 5,
      correlationId: 'plan-7',
    });
    run.decide(failTask('a'));
    expect(taskView(run.state, 'run-1.a')).toMatchObject({
      status: 'backing-off',
      retryAtMs: run.dueAtMs(),
      reason: 'exit code 1',
      exitCode: 1,
    });
    run.decide(completeTask('b'));
    expect(taskView(run.state, 'run-1.b')).toMatchObject({
      status: 'completed',
      agentId: 'agent-1',
      endedAtMs: SPEC_START_MS,
      exitCode: 0,
      durationMs: 7,
    });
    for (const { spec } of listTasks(run.state, {}).tasks) expect(fieldProblem(TaskView, taskView(run.state, spec.taskId))).toBeUndefined();
  });

  it('with the trace under which it was submitted, and under which it is assigned', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const run = new DeciderRun(withAssignments()).happened(
      registered('agent-1'),
      { type: 'run.submitted', data: { runId: 'run-1', tasks: 1, submittedAtMs: 1 }, traceparent },
      { type: 'task.submitted', data: { runId: 'run-1', spec: task('a'), submittedAtMs: 1 }, traceparent },
    );
    expect(taskView(run.state, 'run-1.a')).toMatchObject({ traceparent });
    expect(run.settle()).toMatchObject([{ type: 'task.assigned', traceparent }]);
  });

  it('as absent when there is none', () => {
    expect(taskView(twoRuns().state, 'x')).toBeUndefined();
  });
});

describe('tasks are listed', () => {
  it('in order of submission, by run and by status', () => {
    const { state } = twoRuns();
    expect(keys(listTasks(state, {}))).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(keys(listTasks(state, { runId: 'run-2' }))).toEqual(['d', 'e']);
    expect(keys(listTasks(state, { status: 'ready' }))).toEqual(['d', 'e']);
    expect(keys(listTasks(state, { runId: 'run-1', status: 'blocked' }))).toEqual(['c']);
  });

  it('in pages that leave nothing out', () => {
    const { state } = twoRuns();
    const first = listTasks(state, { limit: 2 });
    expect([keys(first), first.next]).toEqual([['a', 'b'], 'run-1.b']);
    const second = listTasks(state, { limit: 2, after: first.next });
    expect([keys(second), second.next]).toEqual([['c', 'd'], 'run-1.d']);
    expect(listTasks(state, { limit: 2, after: second.next })).toEqual({ tasks: [taskView(state, 'run-1.e')] });
  });

  it('not after a task, nor of a run, that is unknown', () => {
    const { state } = twoRuns();
    expect(() => listTasks(state, { after: 'x' })).toThrow(expect.objectContaining({ code: 'unknown-task' }));
    expect(() => listTasks(state, { runId: 'x' })).toThrow(expect.objectContaining({ code: 'unknown-run' }));
  });
});

describe('runs are seen', () => {
  it('with their counts', () => {
    const run = twoRuns();
    run.decide(completeTask('a'));
    expect(runView(run.state, 'run-1')).toEqual({
      runId: 'run-1',
      name: 'nightly',
      status: 'running',
      total: 3,
      completed: 1,
      failed: 0,
      cancelled: 0,
      deadLettered: 0,
      skipped: 0,
      submittedAtMs: SPEC_START_MS,
    });
    expect(fieldProblem(RunView, runView(run.state, 'run-1'))).toBeUndefined();
    expect(runView(run.state, 'x')).toBeUndefined();
  });

  it('newest first', () => {
    const { state } = twoRuns();
    expect(listRuns(state, {}).runs.map(({ runId }) => runId)).toEqual(['run-2', 'run-1']);
    expect(listRuns(state, { limit: 1 }).runs.map(({ runId }) => runId)).toEqual(['run-2']);
  });
});

describe('the work of an agent', () => {
  it('is its live attempts', () => {
    const run = twoRuns();
    expect(keys(listAgentWork(run.state, { agentId: 'agent-1' }))).toEqual(['a', 'b']);
    run.decide(completeTask('a'));
    expect(keys(listAgentWork(run.state, { agentId: 'agent-1' }))).toEqual(['b']);
    expect(keys(listAgentWork(run.state, { agentId: 'x' }))).toEqual([]);
  });

  it('does not go to its next instance', () => {
    const run = twoRuns().happened(lost('agent-1'), registered('agent-1', { instance: 'agent-1/2' }));
    expect(keys(listAgentWork(run.state, { agentId: 'agent-1' }))).toEqual([]);
  });
});
