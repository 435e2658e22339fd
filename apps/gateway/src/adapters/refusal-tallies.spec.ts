import fc from 'fast-check';
import { type Refusal, RefusalTallies } from './refusal-tallies';

const LIMITS = { kindsMax: 3, gatherMs: 10, windowMs: 100 };
const refusal = (route: string, more: Partial<Refusal> = {}): Refusal => ({
  project: 'p',
  caller: 'agent:a',
  method: 'GET',
  route,
  code: 'forbidden',
  detail: 'No.',
  ...more,
});
const tallies = () => new RefusalTallies(LIMITS, 'torch');

describe('refusals', () => {
  it('alike are one line with their number and times', () => {
    const counted = tallies();
    for (const nowMs of [0, 3, 9]) counted.add(refusal('/a', { detail: `At ${nowMs}.` }), nowMs);
    expect(counted.take(9)).toEqual([]);
    expect(counted.take(10)).toEqual([{ ...refusal('/a', { detail: 'At 0.' }), count: 3, firstAtMs: 0, lastAtMs: 9 }]);
  });

  it.each<[what: string, other: Refusal]>([
    ['caller', refusal('/a', { caller: 'agent:b' })],
    ['no caller', refusal('/a', { caller: undefined })],
    ['project', refusal('/a', { project: 'q' })],
    ['method', refusal('/a', { method: 'POST' })],
    ['route', refusal('/b')],
    ['code', refusal('/a', { code: 'unauthorized' })],
  ])('are told apart by another %s', (_what, other) => {
    const counted = tallies();
    counted.add(refusal('/a'), 0);
    counted.add(other, 0);
    expect(counted.take(10).map(({ count }) => count)).toEqual([1, 1]);
  });

  it('that go on come up once in a window', () => {
    const counted = tallies();
    const comeUp: [atMs: number, count: number][] = [];
    for (let nowMs = 0; nowMs < 300; nowMs++) {
      counted.add(refusal('/a'), nowMs);
      for (const { count } of counted.take(nowMs)) comeUp.push([nowMs, count]);
    }
    expect(comeUp).toEqual([
      [10, 11],
      [110, 100],
      [210, 100],
    ]);
  });

  it('are forgotten once their window is over', () => {
    const counted = tallies();
    counted.add(refusal('/a'), 0);
    counted.take(10);
    expect([counted.size, counted.dueAtMs]).toEqual([1, 110]);
    expect(counted.take(110)).toEqual([]);
    expect([counted.size, counted.dueAtMs]).toEqual([0, Infinity]);
  });

  it('of too many kinds are counted together, as the system’s', () => {
    const counted = tallies();
    for (const route of ['/a', '/b', '/c', '/d', '/e', '/a']) counted.add(refusal(route), 5);
    const taken = counted.take(15);
    expect(taken.map(({ route, count }) => [route, count])).toEqual([
      ['/a', 2],
      ['/b', 1],
      ['/c', 1],
      ['*', 2],
    ]);
    expect(taken[3]).toMatchObject({ project: 'torch', code: 'too-many-kinds', method: '*', detail: expect.stringContaining('3 kinds') });
    expect(taken[3]).not.toHaveProperty('caller');
  });

  it('never go missing, and never take more room than was given, whatever comes', () => {
    const step = fc.record({ route: fc.constantFrom('/a', '/b', '/c', '/d', '/e', '/f'), passMs: fc.integer({ min: 0, max: 40 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const counted = tallies();
        let nowMs = 0;
        let recorded = 0;
        const sum = (taken: ReturnType<typeof counted.take>): number => taken.reduce((all, { count }) => all + count, 0);
        for (const { route, passMs } of steps) {
          nowMs += passMs;
          counted.add(refusal(route), nowMs);
          expect(counted.size).toBeLessThanOrEqual(LIMITS.kindsMax + 1);
          recorded += sum(counted.take(nowMs));
        }
        expect(recorded + sum(counted.take(Infinity))).toBe(steps.length);
      }),
    );
  });
});
