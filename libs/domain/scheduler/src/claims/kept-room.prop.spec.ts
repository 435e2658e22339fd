import type { PathClaim } from '@torch/contracts';
import * as fc from 'fast-check';
import { GATE_SAFETY } from '../gates/gates.checkers.fixture';
import { endless, type Endless, nobodyWaitsTooLong, playEndless } from './endless.fixture';

const path = fc.constantFrom<PathClaim>({ path: 'repo:a', mode: 'exclusive' }, { path: 'repo:**', mode: 'shared' });
const claims = fc.oneof({ weight: 4, arbitrary: fc.constant<PathClaim[]>([]) }, { weight: 1, arbitrary: path.map((one) => [one]) });
const fairnessKey = fc.constantFrom('alice', 'bob');
/** Of the role that is looked at first: nothing but what is kept leaves the other anything. */
const small = fc.record({ semaphores: fc.subarray(['db', 'web', 'gpu'], { maxLength: 1 }), claims, fairnessKey });
const wide = fc.record({
  role: fc.constantFrom('developer', 'refactorer'),
  semaphores: fc.subarray(['db', 'web', 'gpu'], { minLength: 2 }),
  claims,
  fairnessKey,
});
const room = fc.record({ db: fc.integer({ min: 1, max: 2 }), web: fc.integer({ min: 1, max: 2 }), gpu: fc.constant(1) });
const streams = fc.tuple(endless(small, wide), room);

const play = ([stream, places]: [Endless, Record<string, number>], options: { claimPatienceMs?: number; restarts?: boolean } = {}) =>
  playEndless(stream, { agents: { developer: 3, refactorer: 2 }, room: places, ...options });

describe('several semaphores (liveness)', () => {
  it('nobody waits for longer than patience, and the attempts of those who are open, whatever goes on coming', () => {
    fc.assert(
      fc.property(streams, (stream) => nobodyWaitsTooLong(play(stream))),
      { numRuns: 20 },
    );
  });

  it('would not hold without patience', () => {
    const impatient = fc.property(streams, (stream) => nobodyWaitsTooLong(play(stream, { claimPatienceMs: Number.MAX_SAFE_INTEGER })));
    expect(fc.check(impatient, { numRuns: 200, endOnFailure: true }).failed).toBe(true);
  });
});

describe('several semaphores (safety)', () => {
  it.each(['noLimitOfConcurrencyIsExceeded', 'noOverlappingClaimsAreHeldByTwo'])('%s', (name) => {
    fc.assert(
      fc.property(streams, (stream) => GATE_SAFETY[name]?.(play(stream).log)),
      { numRuns: 10 },
    );
  });
});

describe('for whom room is kept', () => {
  it('is the same live, from a replay, and from snapshots on the way', () => {
    fc.assert(
      fc.property(streams, (stream) => {
        const live = play(stream);
        const restarted = play(stream, { restarts: true });
        expect(restarted.log).toEqual(live.log);
        expect(live.digest(live.replayed())).toBe(live.digest());
        expect(restarted.digest()).toBe(live.digest());
      }),
      { numRuns: 8 },
    );
  });
});
