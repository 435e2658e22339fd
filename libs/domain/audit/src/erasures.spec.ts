import fc from 'fast-check';
import { given, type SpecEvent } from '@torch/testing';
import { auditDecider } from './audit.decider';
import { Erasures } from './erasures';

const asked = (subject: string): SpecEvent => ({ type: 'subject.erasure-requested', data: { subject, keys: [], requestedAtMs: 1 } });
const erased = (subject: string): SpecEvent => ({ type: 'subject.erased', data: { subject, keys: [], erasedAtMs: 2 } });

/** The shortest of some runs, ms. */
function shortest(work: () => void): number {
  const took = [1, 2, 3].map(() => {
    const startedMs = performance.now();
    work();
    return performance.now() - startedMs;
  });
  return Math.min(...took);
}

describe('erasures', () => {
  it('are remembered in the order of their requests, and beyond the limit the first is forgotten', () => {
    const step = fc.record({ subject: fc.nat({ max: 9 }).map(String), isRequest: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 80 }), (max, steps) => {
        const erasures = new Erasures(max);
        let expected: { subject: string; requestedAtMs: number }[] = [];
        steps.forEach(({ subject, isRequest }, requestedAtMs) => {
          const known = expected.find((one) => one.subject === subject);
          if (known && !isRequest) known.requestedAtMs = requestedAtMs;
          else expected = [...expected.filter((one) => one !== known), { subject, requestedAtMs }].slice(-max);
          if (isRequest) erasures.requested(subject, { requestedAtMs, keys: [] });
          else erasures.set(subject, { requestedAtMs, keys: [] });
        });
        const found = [...erasures.entries()].map(([subject, { requestedAtMs }]) => ({ subject, requestedAtMs }));
        expect(found).toEqual(expected);
      }),
    );
  });

  it('change the state in place, and cost the same however many there are', () => {
    const many = (count: number): SpecEvent[] =>
      Array.from({ length: count }, (_, n) => [asked(`user:u${n}`), erased(`user:u${n}`)]).flat();
    const { run } = given(auditDecider);
    const { state } = run;
    const { retention } = state;
    run.happened(asked('user:ada'), erased('user:ada'));
    expect(run.state).toBe(state);
    expect(run.state.retention).toBe(retention);
    // Eight times as many would take 64 times as long, and some thirty seconds, if each copied those before it.
    const [few, lots] = [1000, 8000].map((count) => shortest(() => given(auditDecider, many(count)))) as [number, number];
    expect(lots).toBeLessThan(20 * Math.max(few, 5));
  });
});

describe("audit's snapshot", () => {
  it('comes in parts of a limited size, however much was erased', () => {
    const { run } = given(
      auditDecider,
      Array.from({ length: 10_000 }, (_, n) => asked(`user:u${n}`)),
    );
    const parts = run.parts();
    expect(parts.length).toBeGreaterThan(1);
    const before = run.digest();
    expect(run.restart().digest()).toBe(before);
  });
});
