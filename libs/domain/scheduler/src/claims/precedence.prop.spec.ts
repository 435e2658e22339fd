import type { ClaimMode } from '@torch/contracts';
import * as fc from 'fast-check';
import { endless, type Endless, nobodyWaitsTooLong, playEndless } from './endless.fixture';

const claims = (...paths: string[]) =>
  fc.record({ path: fc.constantFrom(...paths), mode: fc.constantFrom<ClaimMode>('exclusive', 'shared') }).map((claim) => [claim]);
const small = fc.record({ claims: claims('repo:src/a', 'repo:src/b', 'repo:src/c', 'repo:docs/a') });
const wide = fc.record({ role: fc.constantFrom('developer', 'refactorer'), claims: claims('repo:**', 'repo:src/*', 'repo:**/a') });
const streams = endless(small, wide);

const play = (stream: Endless, options: { claimPatienceMs?: number; restarts?: boolean } = {}) =>
  playEndless(stream, { agents: { developer: 3, refactorer: 1 }, ...options });

describe('claims (liveness)', () => {
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

describe('who is kept what', () => {
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
