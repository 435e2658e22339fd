import { given, type SpecEvent } from '@torch/testing';
import { registryDecider, registryDeciderWith } from './registry.decider';
import { getAgent, listAgents } from './registry.views';

const NOW_MS = 5000;
const registered = (more: object = {}): SpecEvent => ({
  type: 'agent.registered',
  data: {
    agentId: 'dev-1',
    name: 'dev-1',
    role: 'developer',
    skills: [],
    capacity: 2,
    harness: 'exec',
    instance: 'i-1',
    registeredAtMs: 1000,
    ...more,
  },
});
const submitted = (taskId: string, more: object = {}): SpecEvent => ({
  type: 'task.submitted',
  data: { runId: 'r', spec: { taskId, role: 'developer', skills: [], ...more }, submittedAtMs: 1000 },
});
const assigned = (taskId: string, attempt = 1): SpecEvent => ({
  type: 'task.assigned',
  data: { taskId, attempt, assignment: `${taskId}-${attempt}`, agentId: 'dev-1', leaseUntilMs: 9000, assignedAtMs: 2000 },
});
const completed = (taskId: string, durationMs = 100): SpecEvent => ({
  type: 'task.completed',
  data: { taskId, attempt: 1, agentId: 'dev-1', durationMs, completedAtMs: 3000 },
});
const failed = (taskId: string, reason = 'exit-code'): SpecEvent => ({
  type: 'task.attempt-failed',
  data: { taskId, attempt: 1, agentId: 'dev-1', reason, message: '', failedAtMs: 3000 },
});
const cancelled = (taskId: string): SpecEvent => ({
  type: 'task.cancelled',
  data: { taskId, reason: '', attempt: 1, agentId: 'dev-1', cancelledAtMs: 3000 },
});
const retryAt = (taskId: string, retryAtMs: number): SpecEvent => ({
  type: 'task.retry-scheduled',
  data: { taskId, attempt: 1, retryAtMs },
});
const asked = (approvalId: string): SpecEvent => ({
  type: 'approval.requested',
  data: { approvalId, taskId: 't-1', attempt: 1, agentId: 'dev-1' },
});
const answered = (approvalId: string): SpecEvent => ({ type: 'approval.answered', data: { approvalId, taskId: 't-1', option: 'approve' } });

const registry = (...past: SpecEvent[]) => given(registryDecider, past, NOW_MS);
const found = (...past: SpecEvent[]) => getAgent(registry(...past).run.restart().state, { agentId: 'dev-1' }, () => undefined);

describe('the state of an agent', () => {
  it.each<[string, number, SpecEvent[]]>([
    ['idle', 0, []],
    ['busy', 1, [assigned('t-1')]],
    ['busy', 1, [assigned('t-1'), assigned('t-2'), completed('t-1')]],
    ['idle', 0, [assigned('t-1'), failed('t-1')]],
    ['idle', 0, [assigned('t-1'), cancelled('t-1')]],
    ['blocked-on-human', 1, [assigned('t-1'), asked('a-1')]],
    ['blocked-on-human', 1, [assigned('t-1'), asked('a-1'), asked('a-2'), answered('a-1')]],
    ['busy', 1, [assigned('t-1'), asked('a-1'), answered('a-1'), answered('a-1')]],
    ['busy', 1, [assigned('t-1'), asked('a-1'), { type: 'approval.withdrawn', data: { approvalId: 'a-1' } }]],
    ['draining', 1, [assigned('t-1'), { type: 'agent.draining', data: { agentId: 'dev-1', reason: '' } }]],
    ['rate-limited', 0, [{ type: 'agent.paused', data: { agentId: 'dev-1', pause: 'rate-limited' } }]],
    ['suspected', 1, [assigned('t-1'), { type: 'agent.suspected', data: { agentId: 'dev-1', lastSeenAtMs: 1 } }]],
    ['lost', 0, [{ type: 'agent.lost', data: { agentId: 'dev-1', lastSeenAtMs: 1, lostAtMs: 2 } }]],
    ['stopped', 0, [{ type: 'agent.deregistered', data: { agentId: 'dev-1', deregisteredAtMs: 2 } }]],
  ])('is %s with %d attempts running', (state, running, past) => {
    expect(found(registered(), ...past).agent).toMatchObject({ state, running });
  });

  it('is starting until it is heard, where somebody listens', () => {
    const { state } = registry().run;
    state.index.listen();
    registryDecider.evolve(state, { ...registered(), project: 'p', actor: 'a', correlationId: 'c', v: 1, subject: 's' } as never);
    const states = (query: object) => listAgents(state, query, () => undefined).agents.map((agent) => agent.state);
    expect(states({})).toEqual(['starting']);
    expect(states({ state: 'idle' })).toEqual([]);
    state.index.heard('dev-1');
    expect(states({})).toEqual(['idle']);
    expect(states({ state: 'starting' })).toEqual([]);
  });
});

describe('an agent that met a rate limit', () => {
  const limitedUntil = (...more: SpecEvent[]) => registry(registered(), assigned('t-1'), failed('t-1', 'rate-limited'), ...more);
  const pausedUntil = (untilMs: number) => [
    { type: 'agent.paused', data: { agentId: 'dev-1', pause: 'rate-limited', untilMs, pausedAtMs: NOW_MS } },
  ];

  it('gets nothing new until its task is tried again', () => {
    const past = limitedUntil(retryAt('t-1', 9000));
    past.whenSettled().then(pausedUntil(9000));
    past.whenSettled().thenNothing();
    expect(past.run.dueAtMs()).toBe(9000);
  });

  it('does so too for an owner that came in between', () => {
    const past = limitedUntil(retryAt('t-1', 9000));
    past.run.restart();
    past.whenSettled().then(pausedUntil(9000));
  });

  it('waits no longer for what is over, nor for a task that is not tried again', () => {
    limitedUntil(retryAt('t-1', NOW_MS)).whenSettled().thenNothing();
    limitedUntil({ type: 'task.dead-lettered', data: { taskId: 't-1' } }, retryAt('t-1', 9000))
      .whenSettled()
      .thenNothing();
    registry(registered(), assigned('t-1'), failed('t-1'), retryAt('t-1', 9000)).whenSettled().thenNothing();
  });

  it('is not paused again when it says itself that it is for longer', () => {
    const paused = { type: 'agent.paused', data: { agentId: 'dev-1', pause: 'rate-limited', untilMs: 10_000, pausedAtMs: 1 } };
    registry(registered(), assigned('t-1'), paused, failed('t-1', 'rate-limited'), retryAt('t-1', 9000)).whenSettled().thenNothing();
  });
});

describe('the track record', () => {
  const records = (...past: SpecEvent[]) => new Map((found(...past).record ?? []).map((record) => [record.of, record]));

  it('counts by all, role, kind and skill, the latest attempt most', () => {
    const review = { kind: 'review', skills: ['ts:3', 'go'] };
    const all = records(
      registered(),
      submitted('t-1', review),
      submitted('t-2'),
      assigned('t-1'),
      completed('t-1', 100),
      assigned('t-2'),
      failed('t-2'),
      assigned('t-2', 2),
      completed('t-2', 300),
    );
    expect([...all.keys()]).toEqual(['all', 'role:developer', 'kind:task', 'kind:review', 'skill:go', 'skill:ts']);
    const [successes, failures] = [0.98 ** 2 + 1, 0.98];
    expect(all.get('all')).toMatchObject({ completed: 2, failed: 1, failures: [{ reason: 'exit-code', count: 1 }] });
    expect(all.get('all')?.successRate).toBeCloseTo((successes + 1) / (successes + failures + 2), 12);
    expect(all.get('all')?.durationMs).toBeCloseTo((100 * 0.98 + 300) / 1.98, 12);
    expect(all.get('kind:review')).toMatchObject({ completed: 1, failed: 0, durationMs: 100 });
  });

  it('lists what is not the agent’s doing, such as rate limits and stopped work, which counts neither for nor against the agent', () => {
    const all = records(registered(), failed('t-1', 'rate-limited'), failed('t-1', 'stopped')).get('all');
    expect(all).toMatchObject({ completed: 0, failed: 0, successRate: 0.5, failures: [{ reason: 'rate-limited' }, { reason: 'stopped' }] });
  });

  it('outlives the instances of its agent, and knows nobody else’s attempts', () => {
    const stranger = { type: 'task.completed', data: { taskId: 't-9', agentId: 'stranger', durationMs: 1 } };
    expect(records(registered(), completed('t-1'), stranger, registered({ instance: 'i-2' })).get('all')).toMatchObject({ completed: 1 });
  });

  it('knows what a task was when it is retried after its end', () => {
    const dead = { type: 'task.dead-lettered', data: { taskId: 't-1' } };
    const again = { type: 'task.requeued', data: { taskId: 't-1', reason: 'retry-asked' } };
    const past = [
      registered(),
      submitted('t-1', { kind: 'review' }),
      assigned('t-1'),
      failed('t-1'),
      dead,
      again,
      assigned('t-1', 2),
      completed('t-1'),
    ];
    expect(records(...past).get('kind:review')).toMatchObject({ completed: 1, failed: 1 });
  });

  it('keeps a limited number of sorts, and of ended tasks', () => {
    const decider = registryDeciderWith({ talliesMax: 3, tasksEndedMax: 1 });
    const kinds = ['a', 'b'].flatMap((kind) => [submitted(kind, { kind }), completed(kind)]);
    const { run } = given(decider, [registered(), ...kinds]);
    expect(run.state.agents.get('dev-1')?.record.map(({ of }) => of)).toEqual(['kind:b', 'role:developer', 'all']);
    run.happened(submitted('x', { kind: 'x' }), submitted('y', { kind: 'y' }), cancelled('x'), cancelled('y'));
    expect(['x', 'y'].map((taskId) => run.state.ledger.sortOf(taskId).kind)).toEqual(['task', 'y']);
  });
});
