import { fieldProblem, INPUTS_BYTES_MAX, RESULT_BYTES_MAX, TaskView } from '@torch/contracts';
import { DeciderRun } from '@torch/testing';
import { schedulerDeciderWith } from './decider';
import { completeTask, failTask, registered, submitRun, task, withAssignments } from './decider.fixture';
import { listAgentWork, taskView } from './scheduler.reads';

const keys = ['a', 'b', 'c'];

/** `end` depends on `a`, `b` and `c`, whose results are given, and is assigned. */
function handedOver(results: readonly object[]) {
  const run = new DeciderRun(withAssignments()).happened(registered('agent-1', { capacity: 9 }));
  run.decide(submitRun([task('end', { dependsOn: keys.slice(0, results.length) }), ...keys.map((key) => task(key))]));
  run.settle();
  results.forEach((result, i) => run.decide(completeTask(keys[i] as string, result)));
  run.settle();
  return run.restart();
}
/** An object that takes so many bytes as JSON. */
const ofBytes = (bytes: number): object => ({ text: 'x'.repeat(bytes - '{"text":""}'.length) });

describe('an attempt is given', () => {
  it('how each dependency ended, and what it brought', () => {
    const run = handedOver([{ result: { branch: 'fix-7' } }, { exitCode: 0, resultRef: 's3://results/b' }]);
    const inputs = [
      { taskId: 'run-1.a', key: 'a', status: 'completed', exitCode: 0, result: { branch: 'fix-7' } },
      { taskId: 'run-1.b', key: 'b', status: 'completed', exitCode: 0, resultRef: 's3://results/b' },
    ];
    expect(taskView(run.state, 'run-1.end')).toMatchObject({ status: 'assigned', inputs });
    expect(listAgentWork(run.state, { agentId: 'agent-1' }).tasks.find(({ spec }) => spec.key === 'end')).toMatchObject({ inputs });
    expect(fieldProblem(TaskView, taskView(run.state, 'run-1.end'))).toBeUndefined();
    expect(taskView(run.state, 'run-1.a')).toMatchObject({ result: { branch: 'fix-7' } });
  });

  it('the reason of a failure that it waited for', () => {
    const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
    run.decide(submitRun([task('a', { retries: 0 }), task('end', { after: [{ taskId: 'run-1.a', on: 'failure' }] })]));
    run.settle();
    run.decide(failTask('a'));
    run.settle();
    expect(taskView(run.state, 'run-1.end')?.inputs).toEqual([
      { taskId: 'run-1.a', key: 'a', status: 'dead-lettered', exitCode: 1, reason: 'attempts-exhausted: exit code 1' },
    ]);
  });

  it('no results that are too large together, so that it asks for each', () => {
    const half = INPUTS_BYTES_MAX / 2;
    const fits = taskView(handedOver([{ result: ofBytes(half) }, { result: ofBytes(half) }]).state, 'run-1.end');
    expect(fits?.inputs?.every(({ result }) => result !== undefined)).toBe(true);
    const tooLarge = taskView(handedOver([{ result: ofBytes(half) }, { result: ofBytes(half) }, { result: {} }]).state, 'run-1.end');
    expect(tooLarge?.inputs?.map(({ result }) => result)).toEqual([undefined, undefined, undefined]);
  });

  it('nothing when it depends on nothing', () => {
    const run = handedOver([]);
    expect(taskView(run.state, 'run-1.end')).not.toHaveProperty('inputs');
  });
});

describe('a result', () => {
  it('is refused when it is too large, and the attempt goes on', () => {
    const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
    run.decide(submitRun([task('a')]));
    run.settle();
    expect(run.tryToDecide(completeTask('a', { result: ofBytes(RESULT_BYTES_MAX + 1) }))).toMatchObject({
      code: 'result-too-large',
      message: `The result of task run-1.a takes 16385 bytes as JSON, of 16384 at most: keep it elsewhere, and give "resultRef".`,
    });
    expect(run.decide(completeTask('a', { result: ofBytes(RESULT_BYTES_MAX) }))).toMatchObject([{ type: 'task.completed' }]);
  });

  it('is forgotten with its run, sooner when results take much room', () => {
    const run = new DeciderRun(withAssignments(schedulerDeciderWith({ resultBytesMax: 1500 }))).happened(registered('agent-1'));
    for (const key of keys) {
      run.decide(submitRun([task(key)], { runId: `run-${key}` }));
      run.settle();
      run.decide(completeTask(key, { result: ofBytes(700) }));
      run.settle();
    }
    expect([...run.state.runs.keys()]).toEqual(['run-b', 'run-c']);
    expect(run.restart().state.endedResultBytes).toBe(1400);
  });
});
