import { FakeClock } from './fake-clock';

describe('the fake clock', () => {
  it('fires what is due in its order and at its time, also what a timer starts', () => {
    const clock = new FakeClock(1000);
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name} at ${clock.nowMs()}`);
    clock.startTimer(30, note('third'));
    clock.startTimer(10, () => {
      note('first')();
      clock.startTimer(10, note('second'));
    });
    clock.startTimer(500, note('later'));
    clock.startTimer(20, note('called off'))();
    clock.advance(100);
    expect(fired).toEqual(['first at 1010', 'second at 1020', 'third at 1030']);
    expect(clock.nowMs()).toBe(1100);
    expect(clock.pending).toBe(1);
  });
});
