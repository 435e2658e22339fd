import { SPEC_START_MS } from '@torch/testing';
import type { PathClaim, TaskSpec } from '@torch/contracts';
import { schedulerDeciderWith } from '../decider';
import { deregistered, lost, registered, resumeWork, stopWork } from '../decider.fixture';
import { explainTask } from '../explain';
import { cancel, complete, type ProjectRun, projectWith, refusal, settled, submit, taskIn } from '../gates/gates.fixture';

const PATIENCE_MS = 60_000;
const exclusive = (path: string): PathClaim => ({ path, mode: 'exclusive' });
const shared = (path: string): PathClaim => ({ path, mode: 'shared' });
const LONG: Partial<TaskSpec> = { timeoutMs: 24 * 3_600_000 };

/** For the refactorer, unless the part says otherwise. */
const wide = (part: Partial<TaskSpec> = {}) => ({ ...LONG, role: 'refactorer', claims: [exclusive('repo:src/**')], ...part });
const small = (name: string, part: Partial<TaskSpec> = {}) => ({ ...LONG, claims: [exclusive(`repo:src/${name}`)], ...part });

/** Four developers and an refactorer; paths are kept after a minute. */
function project({ refactorers = 1 } = {}): ProjectRun {
  const run = projectWith({ agents: 4, decider: schedulerDeciderWith({ claimPatienceMs: PATIENCE_MS, startGraceMs: 24 * 3_600_000 }) });
  for (let n = 1; n <= refactorers; n++) run.happened(registered(`refactorer-${n}`, { role: 'refactorer' }));
  return run;
}

const at = (run: ProjectRun, ms: number): ProjectRun => run.at(SPEC_START_MS + ms);
const more = (run: ProjectRun, name: string, part: Partial<TaskSpec> = {}) => submit(run, { [name]: small(name, part) }, `run-${name}`);
const isAssigned = (run: ProjectRun, key: string, runId = 'run-1') => taskIn(run, key, runId).status === 'assigned';

/** A small task runs, a wide one waits for its path, and its patience is at an end. */
function impatient(part: Partial<TaskSpec> = {}, options = {}): ProjectRun {
  const run = project(options);
  expect(submit(run, { first: small('first'), wide: wide(part) })).toEqual(['first']);
  return at(run, PATIENCE_MS);
}

describe('a task that has waited long for its paths', () => {
  it('is passed by others before, and not any more', () => {
    const run = impatient();
    at(run, PATIENCE_MS - 1);
    expect(more(run, 'early')).toEqual(['early']);
    at(run, PATIENCE_MS);
    expect(more(run, 'late')).toEqual([]);
    complete(run, 'first');
    expect(settled(run)).toEqual([]);
    run.decide({ type: 'CancelTask', data: { taskId: 'run-early.early', reason: 'done' } });
    expect(settled(run)).toEqual(['wide']);
    complete(run, 'wide');
    expect(settled(run)).toEqual(['late']);
  });

  it('keeps nothing but what conflicts with its paths', () => {
    const run = impatient({ claims: [shared('repo:src/**')] });
    expect(more(run, 'reader', { claims: [shared('repo:src/a')] })).toEqual(['reader']);
    expect(more(run, 'elsewhere', { claims: [exclusive('repo:docs/a')] })).toEqual(['elsewhere']);
    expect(more(run, 'writer')).toEqual([]);
  });

  it('keeps its paths over a restart', () => {
    const run = impatient();
    run.restart();
    expect(more(run, 'late')).toEqual([]);
    run.restart();
    expect(settled(run)).toEqual([]);
    complete(run, 'first');
    expect(settled(run)).toEqual(['wide']);
  });

  it('keeps them also while they are free and its agents are at work', () => {
    const run = project();
    submit(run, { busy: wide({ claims: [] }), first: small('first'), wide: wide() });
    complete(at(run, PATIENCE_MS), 'first');
    expect(settled(run)).toEqual([]);
    expect(more(run, 'late')).toEqual([]);
    complete(run, 'busy');
    expect(settled(run)).toEqual(['wide']);
  });

  it('keeps them also while a limit is full that counts for it', () => {
    const run = project();
    run.decide({ type: 'SetLimit', data: { scope: 'role', name: 'refactorer', concurrency: 1 } });
    run.happened(registered('refactorer-2', { role: 'refactorer' }));
    submit(run, { busy: wide({ claims: [] }), first: small('first'), wide: wide() });
    at(run, PATIENCE_MS);
    expect(more(run, 'late')).toEqual([]);
  });

  it('goes before a younger one of its kind, which waits in turn', () => {
    const run = project({ refactorers: 3 });
    submit(run, { first: small('first'), one: wide(), two: wide({ claims: [exclusive('repo:src/*')] }) });
    run.at(run.nowMs + 1);
    submit(run, { three: wide({ claims: [exclusive('repo:**')], priority: 0 }) }, 'run-2');
    at(run, 2 * PATIENCE_MS);
    complete(run, 'first');
    expect(settled(run)).toHaveLength(1);
    const [next, last] = isAssigned(run, 'one') ? (['one', 'two'] as const) : (['two', 'one'] as const);
    complete(run, next);
    expect(settled(run)).toEqual([last]);
    expect(more(run, 'late')).toEqual([]);
    complete(run, last);
    expect(settled(run)).toEqual(['three']);
  });

  it('leaves those who want the same to the order of the queue', () => {
    const run = project({ refactorers: 2 });
    submit(run, { first: { ...small('first'), priority: 0 }, one: wide({ priority: 3 }), two: wide({ priority: 2 }) });
    at(run, PATIENCE_MS);
    complete(run, 'first');
    expect(settled(run)).toEqual(['two']);
  });

  it('is explained, and so is who waits for it', () => {
    const run = impatient();
    more(run, 'late');
    expect(explainTask(run.state, 'run-1.wide', run.nowMs)?.waiting).toMatchObject([
      { reason: 'claim', message: expect.stringContaining('task run-1.first at agent agent-1, which holds repo:src/first') as string },
    ]);
    expect(explainTask(run.state, 'run-late.late', run.nowMs)?.waiting).toEqual([
      {
        reason: 'claim',
        what: 'claim/task/run-1.wide',
        message: `repo:src/late is kept for task run-1.wide, which has waited for repo:src/** since ${SPEC_START_MS} and goes first.`,
      },
    ]);
  });
});

describe('a turn is given up', () => {
  it.each<[string, (run: ProjectRun) => unknown]>([
    ['when the task is cancelled', (run) => cancel(run, 'wide')],
    ['when no agent is there any more', (run) => run.happened(deregistered('refactorer-1'))],
    ['when its agent is lost', (run) => run.happened(lost('refactorer-1'))],
    [
      'when its agent is draining',
      (run) => run.happened({ type: 'agent.draining', data: { agentId: 'refactorer-1', reason: '', drainingAtMs: 1 } }),
    ],
    [
      'when a limit of nothing holds it',
      (run) => run.decide({ type: 'SetLimit', data: { scope: 'role', name: 'refactorer', concurrency: 0 } }),
    ],
    [
      'when its agent is paused',
      (run) => run.happened({ type: 'agent.paused', data: { agentId: 'refactorer-1', pause: 'blocked-on-human', pausedAtMs: 1 } }),
    ],
  ])('%s', (_how, what) => {
    const run = impatient();
    expect(more(run, 'late')).toEqual([]);
    what(run);
    expect(settled(run)).toEqual(['late']);
  });

  it('for as long as a budget holds it, and taken again', () => {
    const run = impatient({ estimate: { tokens: 10 } });
    run.decide({ type: 'SetBudget', data: { scope: 'project', limit: { tokens: 5 } } });
    expect(more(run, 'late')).toEqual(['late']);
    run.decide({ type: 'SetBudget', data: { scope: 'project', limit: { tokens: 50 } } });
    expect(more(run, 'later')).toEqual([]);
  });

  it('when every agent that is there is kept from it', () => {
    const run = project({ refactorers: 0 });
    submit(run, { done: { ...LONG, claims: [] }, first: small('first') });
    const never = taskIn(run, 'done').agentId as string;
    complete(run, 'done');
    for (let n = 1; n <= 4; n++)
      if (`agent-${n}` !== never && taskIn(run, 'first').agentId !== `agent-${n}`) run.happened(deregistered(`agent-${n}`));
    submit(run, { review: wide({ role: 'developer', affinity: { notAgentOf: ['run-1.done', 'run-1.first'] } }) }, 'run-2');
    at(run, PATIENCE_MS);
    expect(more(run, 'late')).toEqual(['late']);
  });

  it('at a stop, and goes on after it', () => {
    const run = impatient();
    run.decide(stopWork());
    settled(run);
    run.decide(resumeWork());
    expect(settled(run)).toContain('wide');
  });
});

describe('an agent that claims what is kept', () => {
  const claim = (path: string, part: object = {}) => ({
    type: 'ClaimPaths',
    data: { claimId: 'c-1', agentId: 'agent-4', paths: [exclusive(path)], ...part },
  });

  it('is refused until the turn is over', () => {
    const run = impatient();
    expect(run.tryToDecide(claim('repo:src/late'))).toMatchObject({
      code: 'paths-taken',
      message: expect.stringMatching(/repo:src\/late is kept for task run-1\.wide/) as string,
    });
    cancel(run, 'wide');
    expect(refusal(run, claim('repo:src/late'))).toBeUndefined();
  });

  it('renews what it has', () => {
    const run = project();
    run.decide(claim('repo:src/a', { leaseMs: 2 * PATIENCE_MS }));
    submit(run, { wide: wide() });
    at(run, PATIENCE_MS);
    expect(refusal(run, claim('repo:src/a'))).toBeUndefined();
  });

  it('has it for the attempt that the task waits for', () => {
    const run = impatient();
    const agentId = taskIn(run, 'first').agentId as string;
    expect(refusal(run, claim('repo:src/more', { agentId }))).toBe('paths-taken');
    expect(refusal(run, claim('repo:src/more', { agentId, taskId: 'run-1.first' }))).toBeUndefined();
  });
});
