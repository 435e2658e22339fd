import { type DeciderRun, propertyRounds } from '@torch/testing';
import * as fc from 'fast-check';
import { completeTask, registered } from '../decider.fixture';
import { schedulerDeciderWith } from '../decider';
import type { SchedulerState } from '../scheduler.state';
import { assigned, runUnder, runWith, submit, workedOff } from './order.fixture';

const AGE_STEP_MS = 1000;
const keys = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name}${i}`);
const letters = (worked: readonly string[]): string => worked.map((key) => key[0]).join('');
const ONE_AT_A_TIME = { type: 'SetLimit', data: { scope: 'project', name: '*', concurrency: 1 } };

/** An agent of each role, and one attempt at a time in the whole project. */
function project(run = runWith()): DeciderRun<SchedulerState> {
  for (const role of ['author', 'tester', 'writer']) run.happened(registered(`${role}-1`, { role }));
  run.decide(ONE_AT_A_TIME);
  return run;
}

describe('roles that a limit holds together', () => {
  it('take turns, whatever one of them has queued before', () => {
    const run = project();
    submit(run, keys('a', 20), { role: 'author' });
    submit(run, keys('w', 3), { role: 'writer' });
    submit(run, keys('t', 2), { role: 'tester' });
    expect(letters(workedOff(run, 12))).toBe('awtawtawaaaa');
  });

  it('take turns at a semaphore too', () => {
    const run = runWith(['author-1', { role: 'author' }], ['writer-1', { role: 'writer' }]);
    run.decide({ type: 'SetLimit', data: { scope: 'semaphore', name: 'staging', concurrency: 1 } });
    submit(run, keys('a', 9), { role: 'author', semaphores: ['staging'] });
    submit(run, keys('w', 2), { role: 'writer', semaphores: ['staging'] });
    expect(letters(workedOff(run, 6))).toBe('awawaa');
  });

  it('take turns within one plan', () => {
    const run = runWith(['author-1', { role: 'author', capacity: 9 }], ['writer-1', { role: 'writer', capacity: 9 }]);
    run.decide({ type: 'SetLimit', data: { scope: 'project', name: '*', concurrency: 5 } });
    submit(run, keys('a', 9), { role: 'author' });
    submit(run, keys('w', 9), { role: 'writer' });
    expect(letters(assigned(run))).toBe('awawa');
  });

  it('go by the better level before that', () => {
    const run = project();
    submit(run, keys('a', 3), { role: 'author' });
    submit(run, keys('w', 3), { role: 'writer', priority: 4 });
    expect(letters(workedOff(run))).toBe('wwwaaa');
  });

  it('rise with age against each other', () => {
    const run = project(runUnder(schedulerDeciderWith({ ageStepMs: AGE_STEP_MS })));
    submit(run, keys('w', 1), { role: 'writer', priority: 6 });
    run.at(run.nowMs + 2 * AGE_STEP_MS);
    submit(run, keys('a', 2), { role: 'author', priority: 5 });
    expect(letters(workedOff(run))).toBe('waa');
  });

  it('save nothing up while they have nothing waiting', () => {
    const run = project();
    submit(run, keys('a', 40), { role: 'author' });
    expect(letters(workedOff(run, 20))).toBe('a'.repeat(20));
    submit(run, keys('w', 4), { role: 'writer' });
    expect(letters(workedOff(run, 9))).toBe('wawawawaa');
  });

  it('keep what they have had over a restart', () => {
    const run = project();
    submit(run, keys('a', 9), { role: 'author' });
    submit(run, keys('w', 9), { role: 'writer' });
    expect(assigned(run)).toEqual(['a0 → author-1']);
    run.restart().decide(completeTask('a0', { agentId: 'author-1' }));
    expect(assigned(run)).toEqual(['w0 → writer-1']);
  });

  it('let at most two tasks of each other role go between two of one that waits (liveness)', () => {
    const floods = fc.record({
      author: fc.integer({ min: 1, max: 12 }),
      tester: fc.integer({ min: 1, max: 12 }),
      writer: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(floods, (counts) => {
        const run = project();
        for (const [role, count] of Object.entries(counts)) submit(run, keys(role.slice(0, 1), count), { role });
        const order = letters(workedOff(run));
        expect(order).toHaveLength(counts.author + counts.tester + counts.writer);
        const whileTheAuthorWaits = order.slice(0, order.lastIndexOf('a'));
        for (const between of whileTheAuthorWaits.split('a'))
          for (const other of ['t', 'w']) expect(between.split(other).length - 1).toBeLessThanOrEqual(2);
      }),
      propertyRounds(40),
    );
  });
});
