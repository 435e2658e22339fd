import { SPEC_START_MS } from '@torch/testing';
import type { SetLimit, TaskSpec } from '@torch/contracts';
import { schedulerDeciderWith } from '../decider';
import { deregistered, registered, resumeWork, stopWork } from '../decider.fixture';
import { explainTask } from '../explain';
import { cancel, complete, type ProjectRun, projectWith, refusal, settled, submit, taskIn, turn } from '../gates/gates.fixture';
import { listLimits } from '../limits/limits.reads';

const PATIENCE_MS = 60_000;
const AGE_STEP_MS = 10_000;
const DAY_MS = 24 * 3_600_000;
const naming = (...semaphores: string[]): Partial<TaskSpec> => ({ timeoutMs: DAY_MS, semaphores });
const setLimit = (run: ProjectRun, name: string, setting: Partial<SetLimit>) =>
  run.decide({ type: 'SetLimit', data: { scope: 'semaphore', name, ...setting } });

/** Developers, a tester, and semaphores with room for so many. */
function project(semaphores: Readonly<Record<string, number>> = { db: 1, web: 1 }): ProjectRun {
  const decider = schedulerDeciderWith({ claimPatienceMs: PATIENCE_MS, ageStepMs: AGE_STEP_MS, startGraceMs: DAY_MS });
  const run = projectWith({ agents: 6, decider }).happened(registered('tester-1', { role: 'tester' }));
  for (const [name, concurrency] of Object.entries(semaphores)) setLimit(run, name, { concurrency });
  return run;
}

const at = (run: ProjectRun, ms: number): ProjectRun => run.at(SPEC_START_MS + ms);
const more = (run: ProjectRun, key: string, part: Partial<TaskSpec>) => submit(run, { [key]: part }, `run-${key}`);
const end = (run: ProjectRun, key: string): readonly string[] => {
  run.decide({ type: 'CancelTask', data: { taskId: `run-${key}.${key}`, reason: 'done' } });
  return settled(run);
};

/** A task of `db` runs, one of `db` and `web` waits for it, and its patience is at an end. */
function impatient(part: Partial<TaskSpec> = {}, semaphores?: Readonly<Record<string, number>>): ProjectRun {
  const run = project(semaphores);
  expect(submit(run, { first: naming('db'), both: { ...naming('db', 'web'), ...part } })).toEqual(['first']);
  return at(run, PATIENCE_MS);
}

describe('a task of several semaphores that has waited long', () => {
  it('is passed by others before, and not any more', () => {
    const run = impatient();
    at(run, PATIENCE_MS - 1);
    expect(more(run, 'early', naming('web'))).toEqual(['early']);
    at(run, PATIENCE_MS);
    expect(more(run, 'late', naming('db'))).toEqual([]);
    complete(run, 'first');
    expect(settled(run)).toEqual([]);
    expect(end(run, 'early')).toEqual(['both']);
    complete(run, 'both');
    expect(settled(run)).toEqual(['late']);
  });

  it('keeps one place in each, and leaves the others', () => {
    const run = impatient({}, { db: 1, web: 3 });
    expect(more(run, 'one', naming('web'))).toEqual(['one']);
    expect(more(run, 'two', naming('web'))).toEqual(['two']);
    expect(more(run, 'three', naming('web'))).toEqual([]);
    complete(run, 'first');
    expect(settled(run)).toEqual(['both']);
    expect(end(run, 'one')).toEqual(['three']);
  });

  it('keeps them over a restart', () => {
    const run = impatient();
    run.restart();
    expect(more(run, 'late', naming('web'))).toEqual([]);
    run.restart();
    expect(settled(run)).toEqual([]);
    complete(run, 'first');
    expect(settled(run)).toEqual(['both']);
  });

  it('keeps them from a better priority and from other roles', () => {
    const run = impatient();
    expect(more(run, 'urgent', { ...naming('web'), priority: 0 })).toEqual([]);
    expect(more(run, 'test', { ...naming('web'), role: 'tester' })).toEqual([]);
    expect(more(run, 'elsewhere', {})).toEqual(['elsewhere']);
  });

  it('has the next start of a semaphore with a rate', () => {
    const run = impatient();
    setLimit(run, 'web', { rate: { tasks: 1, perMs: 1000 } });
    expect(more(run, 'late', naming('web'))).toEqual([]);
    turn(run, SPEC_START_MS + PATIENCE_MS + 5000);
    expect(taskIn(run, 'late', 'run-late').status).toBe('ready');
    complete(run, 'first');
    expect(settled(run)).toEqual(['both']);
    turn(run, run.nowMs + 1000);
    expect(taskIn(run, 'late', 'run-late').status).toBe('assigned');
  });

  it('keeps paths as well, if it wants any', () => {
    const run = impatient({ claims: [{ path: 'repo:src/**', mode: 'exclusive' }] });
    const path = { path: 'repo:src/a', mode: 'exclusive' as const };
    expect(more(run, 'late', { claims: [path] })).toEqual([]);
    const claim = (taskId: string) => ({ type: 'ClaimPaths', data: { claimId: 'c', agentId: 'agent-1', taskId, paths: [path] } });
    expect(refusal(run, claim('run-1.first'))).toBeUndefined(); // It ends the sooner for it.
  });

  it('is explained, and so is who waits for it', () => {
    const run = impatient();
    more(run, 'late', naming('web'));
    expect(explainTask(run.state, 'run-1.both', run.nowMs)?.waiting).toMatchObject([
      { reason: 'limit', message: 'Semaphore db has 1 of 1 attempts in flight.' },
    ]);
    const message = `Room in semaphore web is kept for task run-1.both, which has waited for room in db, web since ${SPEC_START_MS} and goes first.`;
    expect(explainTask(run.state, 'run-late.late', run.nowMs)?.waiting).toEqual([
      { reason: 'limit', what: 'limit/semaphore/web', message },
    ]);
    const waiting = listLimits(run.state, run.nowMs).limits.map(({ name, waiting: count }) => [name, count]);
    expect(waiting).toEqual([
      ['db', 1],
      ['web', 1],
    ]);
  });
});

describe('whoever waits beside it', () => {
  it('goes on, when it has been ready for longer', () => {
    const run = project();
    submit(run, { busy: { role: 'tester' }, old: { ...naming('web'), role: 'tester' } });
    submit(at(run, 1), { first: naming('db'), both: naming('db', 'web') }, 'run-2');
    at(run, 1 + PATIENCE_MS);
    complete(run, 'busy');
    expect(settled(run)).toEqual(['old']);
  });

  it('has waited off a worse priority first', () => {
    const run = project();
    submit(run, { busy: { role: 'tester' }, old: { ...naming('web'), role: 'tester', priority: 7 } });
    submit(at(run, 2 * AGE_STEP_MS), { first: naming('db'), both: naming('db', 'web') }, 'run-2');
    at(run, 2 * AGE_STEP_MS + PATIENCE_MS);
    complete(run, 'busy');
    expect(settled(run)).toEqual([]);
    submit(run, { same: { ...naming('web'), role: 'tester' } }, 'run-3');
    run.decide({ type: 'ChangePriority', data: { taskId: 'run-1.old', priority: 5 } });
    expect(settled(run)).toEqual(['old']);
  });

  it('goes by the order of the queue, when it wants the same', () => {
    const run = project();
    submit(run, { first: naming('db') });
    submit(run, { low: { ...naming('db', 'web'), priority: 9 } }, 'run-low');
    submit(at(run, 1), { high: { ...naming('web', 'db'), priority: 0 } }, 'run-high');
    complete(at(run, PATIENCE_MS), 'first');
    expect(settled(run)).toEqual(['high']);
  });

  it('with another that overlaps has its turn by age, and no circle closes', () => {
    const run = project({ a: 1, b: 1, c: 1 });
    submit(run, { a: naming('a'), c: naming('c') });
    submit(run, { one: naming('a', 'b') }, 'run-one');
    submit(at(run, 1), { two: { ...naming('c', 'b'), priority: 0 } }, 'run-two');
    submit(at(run, 2), { three: naming('c', 'a') }, 'run-three');
    at(run, 2 + PATIENCE_MS);
    expect(more(run, 'late', naming('b'))).toEqual([]);
    complete(run, 'c');
    expect(settled(run)).toEqual([]);
    complete(run, 'a');
    expect(settled(run)).toEqual(['one']);
    expect(end(run, 'one')).toEqual(['two']);
    expect(end(run, 'two')).toEqual(['three', 'late']);
  });

  it('leaves the last place to the older one', () => {
    const run = project({ a: 1, b: 2, c: 1 });
    submit(run, { a: naming('a'), b: naming('b'), c: naming('c') });
    submit(run, { one: naming('a', 'b') }, 'run-one');
    submit(at(run, 1), { two: { ...naming('c', 'b'), priority: 0 } }, 'run-two');
    complete(at(run, 1 + PATIENCE_MS), 'c');
    expect(settled(run)).toEqual([]);
    complete(run, 'a');
    expect(settled(run)).toEqual(['one']);
    complete(run, 'b');
    expect(settled(run)).toEqual(['two']);
  });

  it('has what a second one would keep that waits for the first', () => {
    const run = project({ a: 1, b: 1, c: 1 });
    submit(run, { a: naming('a') });
    submit(run, { one: naming('a', 'b') }, 'run-one');
    submit(at(run, 1), { b: naming('b') }, 'run-b');
    submit(run, { two: naming('b', 'c') }, 'run-two');
    at(run, 1 + PATIENCE_MS);
    expect(more(run, 'late', naming('c'))).toEqual(['late']);
    end(run, 'b');
    complete(run, 'a');
    expect(settled(run)).toEqual(['one']);
    expect(more(run, 'later', naming('b'))).toEqual([]);
    end(run, 'one');
    expect(end(run, 'late')).toEqual(['two']);
  });
});

describe('room is kept no more', () => {
  it.each<[string, (run: ProjectRun) => unknown]>([
    ['when the task is cancelled', (run) => cancel(run, 'both')],
    ['when one of its semaphores has no room by its setting', (run) => setLimit(run, 'db', { concurrency: 0 })],
    ['when its semaphore has no limit any more', (run) => run.decide({ type: 'RemoveLimit', data: { scope: 'semaphore', name: 'web' } })],
    ['when no agent is there that may have it', (run) => run.happened(deregistered('tester-1'))],
    [
      'when a limit of nothing holds it',
      (run) => run.decide({ type: 'SetLimit', data: { scope: 'role', name: 'tester', concurrency: 0 } }),
    ],
  ])('%s', (_how, what) => {
    const run = impatient({ role: 'tester' });
    expect(more(run, 'late', naming('web'))).toEqual([]);
    what(run);
    expect(settled(run)).toEqual(['late']);
  });

  it('at a stop, and is again after it', () => {
    const run = impatient();
    run.decide(stopWork());
    settled(run);
    run.decide(resumeWork());
    expect(settled(run)).toContain('both');
  });

  it('while a semaphore has no room by its setting, and is again', () => {
    const run = impatient();
    setLimit(run, 'db', { concurrency: 0 });
    expect(more(run, 'late', naming('web'))).toEqual(['late']);
    setLimit(run, 'db', { concurrency: 1 });
    expect(more(run, 'later', naming('web'))).toEqual([]);
    end(run, 'late');
    complete(run, 'first');
    expect(settled(run)).toEqual(['both']);
  });

  it.each<[string, Partial<TaskSpec>]>([
    ['of one semaphore', naming('db')],
    ['that names one twice', naming('db', 'db')],
    ['of one semaphore and of paths that are free', { ...naming('db'), claims: [{ path: 'repo:a', mode: 'exclusive' }] }],
  ])('than for anybody else, for a task %s', (_what, part) => {
    const run = project();
    submit(run, { first: naming('db') });
    submit(run, { next: { ...part, priority: 9 } }, 'run-next');
    at(run, PATIENCE_MS);
    expect(more(run, 'urgent', { ...naming('db'), priority: 0 })).toEqual([]);
    complete(run, 'first');
    expect(settled(run)).toEqual(['urgent']);
  });
});
