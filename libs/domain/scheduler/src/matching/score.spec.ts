import { completeTask, failTask } from '../decider.fixture';
import { assigned, runWith, submit, workedOff } from '../order/order.fixture';
import { successRateOf, type TrackRecord, recordAttempt, KINDS_MAX } from './track-record';

const MINUTE_MS = 60_000;
const choiceIn = (run: ReturnType<typeof runWith>) =>
  run.settle().flatMap(({ type, data }) => (type === 'task.assigned' ? [data as { agentId: string; choice?: object }] : []));

describe('the score', () => {
  it('is the sum of its parts, as the worked example of docs/matching.md has it', () => {
    const run = runWith(['ada', { skills: ['ts:3', 'sql'], capacity: 2, registeredAtMs: 0 }]);
    submit(run, ['r1'], { kind: 'review' });
    workedOff(run);
    submit(run, ['busy']);
    expect(assigned(run)).toEqual(['busy → ada']);
    run.happened({ type: 'agent.registered', data: { ...registeredAs('bob'), skills: ['ts:3'], registeredAtMs: run.nowMs } });
    run.at(run.nowMs + 5 * MINUTE_MS);
    submit(run, ['review'], { kind: 'review', skills: ['ts:2'], prefer: ['sql', 'go'], affinity: { sameAgentAs: ['run-1.r1'] } });
    expect(choiceIn(run)).toMatchObject([
      { agentId: 'ada', choice: { score: 7.1667, considered: 2, next: [{ agentId: 'bob', score: 4.5 }] } },
    ]);
  });

  it('is not told when nobody else could have been chosen', () => {
    const run = runWith(['ada']);
    submit(run, ['a']);
    expect(choiceIn(run)).toEqual([expect.not.objectContaining({ choice: expect.anything() })]);
  });

  it('prefers who did a task before, though somebody else has waited longer', () => {
    const run = runWith(['ada', { registeredAtMs: 0 }], ['bob', { registeredAtMs: 0 }]);
    submit(run, ['a', 'b']);
    expect(assigned(run)).toEqual(['a → ada', 'b → bob']);
    run.decide(completeTask('b', { agentId: 'bob' }));
    run.at(run.nowMs + MINUTE_MS);
    run.decide(completeTask('a', { agentId: 'ada' }));
    submit(run, ['c'], { affinity: { sameAgentAs: ['run-1.a'] } });
    expect(assigned(run.restart())).toEqual(['c → ada']);
  });

  it('counts success by kind of work', () => {
    const run = runWith(['ada', { registeredAtMs: 0 }], ['bob', { registeredAtMs: 0 }]);
    submit(run, ['a', 'b'], { kind: 'review', retries: 0 });
    run.settle();
    run.decide(failTask('a', { agentId: 'ada' }));
    run.decide(completeTask('b', { agentId: 'bob' }));
    submit(run, ['c', 'd'], { kind: 'build', retries: 0 });
    run.settle();
    run.decide(completeTask('c', { agentId: 'bob' }));
    run.decide(completeTask('d', { agentId: 'ada' }));
    submit(run, ['e'], { kind: 'review' });
    expect(assigned(run.restart())).toEqual(['e → bob']);
  });

  it('blames no agent for a limit that somebody else has set', () => {
    const run = runWith(['ada']);
    submit(run, ['a']);
    run.settle();
    run.decide(failTask('a', { agentId: 'ada', class: 'rate-limited', retryAtMs: run.nowMs + 1000 }));
    expect(run.state.agents.get('ada')).toMatchObject({ failed: 0, record: undefined, successRate: 0.5 });
  });

  function registeredAs(agentId: string) {
    return { agentId, name: agentId, role: 'developer', capacity: 2, harness: 'exec', instance: `${agentId}/1` };
  }
});

describe('a track record', () => {
  it('starts at one half, and forgets slowly', () => {
    const record: TrackRecord = new Map();
    expect(successRateOf(record, 'task')).toBe(0.5);
    for (let i = 0; i < 100; i++) recordAttempt(record, 'task', 'failed');
    const afterFailures = successRateOf(record, 'task');
    for (let i = 0; i < 100; i++) recordAttempt(record, 'task', 'completed');
    expect(afterFailures).toBeLessThan(0.05);
    expect(successRateOf(record, 'task')).toBeGreaterThan(0.8);
  });

  it('holds a limited number of kinds, those with the most behind them', () => {
    const record: TrackRecord = new Map();
    for (let i = 0; i < 3; i++) recordAttempt(record, 'known', 'completed');
    for (let i = 0; i < 2 * KINDS_MAX; i++) recordAttempt(record, `kind-${i}`, 'completed');
    expect(record.size).toBe(KINDS_MAX);
    expect(record.has('known')).toBe(true);
  });
});
