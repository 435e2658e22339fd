import type { RecordedAnswer } from '@torch/log';
import fc from 'fast-check';
import { ANSWER_BYTES, AnsweredCommands, type AnsweredLimits, PART_CHARS_MAX } from './answered-commands';

const HOUR_MS = 60 * 60 * 1000;
const LIMITS: AnsweredLimits = { idempotencyKeptMs: 24 * HOUR_MS, idempotencyBytesMax: 64 * 1024 * 1024 };

const at = (seq: number) => ({ seq, generation: 0 });

function restored(from: AnsweredCommands, limits: AnsweredLimits): AnsweredCommands {
  const anew = new AnsweredCommands(limits);
  for (const part of from.encode()) anew.restorePart(JSON.parse(JSON.stringify(part)));
  return anew;
}

describe('what was answered', () => {
  it('is answered again as it was', () => {
    const answered = new AnsweredCommands(LIMITS);
    answered.record(at(1), ['p/accepted'], 0);
    answered.record(at(1), ['p/refused', 'agent-exists', 'It is there.'], 0);
    answered.record(at(2), ['p/later'], 1);
    for (const one of [answered, restored(answered, LIMITS)]) {
      expect(one.get('p/accepted')).toEqual({ position: at(1), answer: ['p/accepted'] });
      expect(one.get('p/refused')).toEqual({ position: at(1), answer: ['p/refused', 'agent-exists', 'It is there.'] });
      expect(one.get('p/later')).toEqual({ position: at(2), answer: ['p/later'] });
      expect(one.get('p/unknown')).toBeUndefined();
    }
  });

  it('is remembered for its time, as commits tell it, however many answers there were', () => {
    const answered = new AnsweredCommands(LIMITS);
    answered.record(at(1), ['p/first'], 0);
    for (let n = 2; n <= 200_000; n++) answered.record(at(n), [`p/${n}`], n);
    answered.record(at(300_000), ['p/in-time'], 24 * HOUR_MS);
    expect(answered.get('p/first')).toBeDefined();
    answered.record(at(300_001), ['p/late'], 24 * HOUR_MS + 1);
    expect(answered.get('p/first')).toBeUndefined();
    expect(answered.get('p/2')).toBeDefined();
  });

  it('is not forgotten early where a clock was set back', () => {
    let answered = new AnsweredCommands(LIMITS);
    answered.record(at(1), ['p/before'], 30 * HOUR_MS);
    answered.record(at(2), ['p/behind'], 2 * HOUR_MS);
    answered.record(at(3), ['p/after'], 31 * HOUR_MS);
    expect(answered.get('p/behind')).toBeDefined();
    answered.record(at(4), ['p/before'], 53 * HOUR_MS); // Answered anew, and so no longer the oldest.
    answered = restored(answered, LIMITS);
    answered.record(at(5), ['p/next'], 54 * HOUR_MS);
    expect(answered.get('p/behind')).toBeDefined();
    answered.record(at(6), ['p/last'], 54 * HOUR_MS + 1);
    expect([answered.get('p/behind'), answered.get('p/before')?.position]).toEqual([undefined, at(4)]);
  });

  it('is forgotten before its time, the oldest first, where it would take more than its bytes', () => {
    const answered = new AnsweredCommands({ ...LIMITS, idempotencyBytesMax: 10 * (ANSWER_BYTES + 3) });
    for (let n = 0; n < 15; n++) answered.record(at(n + 1), [`${n < 10 ? 'a' : 'b'}/${n % 10}`], n);
    expect(answered.size).toBe(10);
    expect([answered.get('a/4'), answered.get('a/5')?.position]).toEqual([undefined, at(6)]);
    answered.record(at(20), ['c/0', 'a-code', 'A message that is as long as an answer or two are.'.repeat(4)], 20);
    expect(answered.size).toBeLessThan(9);
  });

  it('is the same for an owner, for one that has read it all, and for one that began with a snapshot', () => {
    const limits: AnsweredLimits = { idempotencyKeptMs: 20, idempotencyBytesMax: 12 * (ANSWER_BYTES + 4) };
    const answer = fc
      .tuple(fc.nat({ max: 30 }), fc.boolean())
      .map(([n, ok]): RecordedAnswer => (ok ? [`p/${n}`] : [`p/${n}`, 'no', 'No.']));
    const answers = fc.uniqueArray(answer, { maxLength: 4, selector: ([id]) => id }); // A turn answers an id once.
    const commits = fc.array(fc.tuple(fc.integer({ min: -10, max: 15 }), answers), { maxLength: 40 });
    fc.assert(
      fc.property(commits, fc.nat({ max: 40 }), (all, snapshotAfter) => {
        const owner = new AnsweredCommands(limits);
        let standby = new AnsweredCommands(limits);
        let nowMs = 1000;
        all.forEach(([passedMs, answers], i) => {
          nowMs += passedMs;
          for (const one of answers) owner.record(at(i + 1), one, nowMs);
          for (const one of answers) standby.record(at(i + 1), one, nowMs);
          if (i === snapshotAfter) standby = restored(standby, limits);
          expect([...standby.encode()]).toEqual([...owner.encode()]);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('goes into a snapshot in parts that are read and written at once', () => {
    const answered = new AnsweredCommands(LIMITS);
    for (let n = 0; n < 30_000; n++) {
      const id = `project/${n}-"quoted"`;
      answered.record(at(n + 1), n % 3 === 0 ? [id, 'agent-exists', `Agent ${n} is there.`] : [id], 1_800_000_000_000 + n);
    }
    const parts = [...answered.encode()].map((part) => JSON.stringify(part).length);
    expect(parts.length).toBeGreaterThan(5);
    expect(Math.max(...parts)).toBeLessThanOrEqual(PART_CHARS_MAX);
    expect(restored(answered, LIMITS).size).toBe(30_000);
  });
});
