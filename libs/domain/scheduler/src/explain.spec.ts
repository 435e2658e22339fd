import { completeTask, failTask, registered } from './decider.fixture';
import { explainTask } from './explain';
import { runWith, submit } from './order/order.fixture';

const explained = (run: ReturnType<typeof runWith>, key: string) => explainTask(run.state, `run-1.${key}`, run.nowMs);
const setLimit = (scope: string, name: string, part: object) => ({ type: 'SetLimit', data: { scope, name, ...part } });

describe('a task is explained', () => {
  it('not at all when nobody knows it', () => {
    expect(explained(runWith(), 'nobody')).toBeUndefined();
  });

  it('by every dependency that it waits for', () => {
    const run = runWith();
    submit(run, ['a', 'b']);
    submit(run, ['c'], { dependsOn: ['a'], after: [{ taskId: 'run-1.b', on: 'completion' }] });
    expect(explained(run, 'c')).toMatchObject({
      status: 'blocked',
      waiting: [
        { reason: 'dependency', what: 'run-1.a', message: 'It waits for run-1.a to complete, which is ready.' },
        { reason: 'dependency', what: 'run-1.b', message: 'It waits for run-1.b to end, which is ready.' },
      ],
    });
  });

  it('by the time that it waits for', () => {
    const run = runWith(['agent-1']);
    const notBeforeMs = run.nowMs + 1000;
    submit(run, ['later'], { notBeforeMs });
    submit(run, ['a']);
    run.settle();
    run.decide(failTask('a'));
    expect(explained(run, 'later')?.waiting).toMatchObject([{ reason: 'not-before', untilMs: notBeforeMs }]);
    expect(explained(run, 'a')?.waiting).toMatchObject([
      { reason: 'backoff', untilMs: run.state.tasks.get('run-1.a')?.dueAtMs, message: expect.stringContaining('exit code 1') },
    ]);
  });

  it('by the skill that each agent lacks', () => {
    const run = runWith(['bob', { skills: ['ts:2'], labels: { region: 'eu' } }], ['ada', { skills: ['go'] }], ['eve', { role: 'other' }]);
    submit(run, ['a'], { skills: ['ts:3'], labels: { region: 'us' } });
    run.settle();
    expect(explained(run, 'a')).toMatchObject({
      waiting: [{ reason: 'no-agent', what: 'developer ts:3 region=us' }],
      candidates: [
        { agentId: 'ada', fits: false, misfits: [{ message: 'It lacks the skill ts.' }, { message: 'It lacks the label region.' }] },
        {
          agentId: 'bob',
          fits: false,
          misfits: [
            { message: 'It has the skill ts at level 2, and 3 is needed.' },
            { message: 'Its label region is eu, and us is needed.' },
          ],
        },
      ],
    });
  });

  it('by what each agent that fits is doing', () => {
    const run = runWith(['busy'], ['late'], ['drains'], ['author']);
    submit(run, ['a']);
    run.happened(
      { type: 'agent.draining', data: { agentId: 'drains', reason: '', drainingAtMs: 1 } },
      { type: 'agent.suspected', data: { agentId: 'late', lastSeenAtMs: 1, suspectedAtMs: 1 } },
    );
    run.settle();
    run.decide(completeTask('a', { agentId: 'author' }));
    submit(run, ['b', 'c'], { affinity: { notAgentOf: ['run-1.a'] } });
    run.settle();
    const { waiting, candidates } = explained(run, 'c') ?? {};
    expect(waiting).toMatchObject([{ reason: 'agents-busy', message: '4 agents fit and are not free for it: see the candidates.' }]);
    expect(candidates?.map(({ agentId, misfits }) => [agentId, misfits[0]?.message])).toEqual([
      ['author', 'It did a task that this one keeps away from.'],
      ['busy', 'It has 1 of 1 tasks.'],
      ['drains', 'It is draining, and gets nothing new.'],
      ['late', 'It is suspected.'],
    ]);
  });

  it('by every gate that holds it, not only the first', () => {
    const run = runWith(['agent-1', { capacity: 9 }]);
    run.decide(setLimit('project', '*', { concurrency: 1 }));
    run.decide(setLimit('agent', 'agent-1', { concurrency: 1 }));
    submit(run, ['a', 'b'], { claims: [{ path: 'repo:src/**', mode: 'exclusive' }] });
    run.settle();
    expect(explained(run, 'b')?.waiting.map(({ reason }) => reason)).toEqual(['limit', 'claim', 'agents-busy']);
    expect(explained(run, 'b')?.ahead).toBeUndefined();
  });

  it('by how many go before it, and how far age has raised it', () => {
    const run = runWith();
    submit(run, ['a', 'b', 'c'], { fairnessKey: 'flood' });
    submit(run, ['d', 'e'], { fairnessKey: 'small', priority: 5 });
    const before = run.digest();
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => explained(run, key)?.ahead)).toEqual([0, 2, 4, 1, 3]);
    expect(run.digest()).toBe(before);
    run.at(run.nowMs + 2 * run.state.limits.ageStepMs);
    expect(explained(run, 'e')).toMatchObject({ priority: 5, effectivePriority: 3 });
    run.happened(registered('agent-1'));
    expect(run.settle()).toMatchObject([{ data: { taskId: 'run-1.a' } }, { type: 'demand.changed' }]);
  });

  it('by the scores of the agents that were compared, once it has one', () => {
    const run = runWith(['ada', { skills: ['sql'] }], ['bob']);
    submit(run, ['a'], { prefer: ['sql'] });
    run.settle();
    const whileIt = explained(run.restart(), 'a');
    expect(whileIt).toMatchObject({
      status: 'assigned',
      waiting: [],
      agentId: 'ada',
      candidates: [
        { agentId: 'ada', fits: true, score: 6 },
        { agentId: 'bob', fits: true, score: 4 },
      ],
    });
    expect(whileIt?.summary).toBe(
      'Task run-1.a is assigned. Attempt 1 went to agent ada: with a score of 6 it was the best of 2 free agents that fit.',
    );
  });

  it('by how it ended, once it has', () => {
    const run = runWith(['ada']);
    submit(run, ['a'], { retries: 0 });
    run.settle();
    run.decide(failTask('a', { agentId: 'ada', class: 'permanent' }));
    expect(explained(run, 'a')).toMatchObject({ status: 'failed', waiting: [], agentId: 'ada' });
    expect(explained(run, 'a')?.summary).toContain('exit code 1');
  });
});
