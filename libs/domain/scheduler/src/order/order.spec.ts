import { changePriority, completeTask, registered } from '../decider.fixture';
import { schedulerDeciderWith } from '../decider';
import { assigned, runUnder, runWith, submit, workedOff } from './order.fixture';

const AGE_STEP_MS = 1000;
const ageing = () => runUnder(schedulerDeciderWith({ ageStepMs: AGE_STEP_MS }));
const setWeight = (name: string, weight: number) => ({ type: 'SetLimit', data: { scope: 'key', name, weight } });
const keys = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name}${i}`);
const letters = (worked: readonly string[]): string => worked.map((key) => key[0]).join('');

describe('a task that waits', () => {
  it('rises by one priority with each step of age, and stays ahead of what is younger', () => {
    const run = ageing();
    submit(run, ['old'], { priority: 7 });
    run.at(run.nowMs + 2 * AGE_STEP_MS);
    submit(run, ['young', 'younger'], { priority: 5 });
    submit(run, ['urgent'], { priority: 4 });
    run.happened(registered('agent-1', { capacity: 9 }));
    expect(assigned(run).map((line) => line.split(' ')[0])).toEqual(['urgent', 'old', 'young', 'younger']);
  });

  it('does not rise before a step is over', () => {
    const run = ageing();
    submit(run, ['old'], { priority: 6 });
    run.at(run.nowMs + AGE_STEP_MS - 1);
    submit(run, ['young'], { priority: 5 });
    run.happened(registered('agent-1', { capacity: 9 }));
    expect(workedOff(run)).toEqual(['young', 'old']);
  });

  it('is as old after a restart as before, and as young when the clock goes back', () => {
    const run = ageing();
    submit(run, ['old'], { priority: 6 });
    run.at(run.nowMs + AGE_STEP_MS);
    submit(run, ['young'], { priority: 5 });
    run.happened(registered('agent-1', { role: 'other' }));
    run.settle();
    expect(run.state.tasks.get('run-1.old')?.strand?.level).toBe(5);
    run.restart().settle();
    run.happened(registered('agent-2', { capacity: 1 }));
    run.at(run.nowMs - AGE_STEP_MS);
    expect(assigned(run)).toEqual(['young → agent-2']);
  });

  it('goes to its new place when its priority is changed', () => {
    const run = runWith();
    submit(run, ['a', 'b', 'c']);
    run.decide(changePriority('c', 1));
    run.decide(changePriority('a', 9));
    run.happened(registered('agent-1'));
    expect(workedOff(run)).toEqual(['c', 'b', 'a']);
  });
});

describe('fairness keys of one priority', () => {
  it('take turns, whatever one of them has queued before', () => {
    const run = runWith();
    submit(run, keys('f', 50), { fairnessKey: 'flood' });
    submit(run, keys('s', 3), { fairnessKey: 'small' });
    run.happened(registered('agent-1'));
    expect(letters(workedOff(run, 8))).toBe('fsfsfsff');
  });

  it('take turns over classes of different skills, and within one plan', () => {
    const run = runWith();
    submit(run, keys('f', 9), { fairnessKey: 'flood' });
    submit(run, keys('s', 2), { fairnessKey: 'small', skills: ['ts'] });
    run.happened(registered('agent-1', { skills: ['ts'], capacity: 6 }));
    expect(letters(assigned(run))).toBe('fsfsff');
  });

  it('have shares by weight', () => {
    const run = runWith();
    run.decide(setWeight('heavy', 3));
    submit(run, keys('l', 20), { fairnessKey: 'light' });
    submit(run, keys('h', 20), { fairnessKey: 'heavy' });
    run.happened(registered('agent-1'));
    const worked = workedOff(run, 16);
    expect(worked.filter((key) => key.startsWith('h'))).toHaveLength(12);
  });

  it('save nothing up while they have nothing waiting', () => {
    const run = runWith();
    submit(run, keys('b', 40), { fairnessKey: 'busy' });
    run.happened(registered('agent-1'));
    workedOff(run, 20);
    submit(run, keys('l', 10), { fairnessKey: 'late' });
    expect(letters(workedOff(run, 6))).toBe('lblblb');
  });

  it('are by submitter, unless the task says otherwise', () => {
    const run = runWith();
    submit(run, keys('o', 5));
    run.decide({ type: 'SubmitRun', actor: 'user:else', data: otherRun(run) });
    run.happened(registered('agent-1'));
    expect(letters(workedOff(run, 4))).toBe('oeoo');
  });

  it('keep what they have had over a restart', () => {
    const run = runWith();
    submit(run, keys('f', 9), { fairnessKey: 'flood' });
    submit(run, keys('s', 9), { fairnessKey: 'small' });
    run.happened(registered('agent-1'));
    expect(assigned(run)).toEqual(['f0 → agent-1']);
    run.restart().decide(completeTask('f0'));
    expect(assigned(run)).toEqual(['s0 → agent-1']);
  });

  function otherRun({ state }: ReturnType<typeof runWith>): object {
    const [first] = state.tasks.values();
    return { runId: 'run-else', tasks: [{ ...first?.spec, taskId: 'run-1.e0', key: 'e0' }] };
  }
});
