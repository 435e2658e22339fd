import type { ClaimMode, PathClaim, TaskSpec } from '@torch/contracts';
import { propertyRounds } from '@torch/testing';
import * as fc from 'fast-check';
import { GATE_SAFETY } from '../gates/gates.checkers.fixture';
import { endless, type Endless, nobodyWaitsTooLong, type Played, playEndless } from './endless.fixture';

interface World {
  readonly stream: Endless;
  readonly played: Played;
}
const play = ({ stream, played }: World, more: Partial<Played> = {}) => playEndless(stream, { ...played, ...more });

const role = fc.constantFrom('developer', 'refactorer');
const claims = (...paths: string[]) =>
  fc.record({ path: fc.constantFrom(...paths), mode: fc.constantFrom<ClaimMode>('exclusive', 'shared') }).map((claim) => [claim]);
const narrow = fc.record({ claims: claims('repo:src/a', 'repo:src/b', 'repo:src/c', 'repo:docs/a') });
const wide = fc.record({ role, claims: claims('repo:**', 'repo:src/*', 'repo:**/a') });
const paths: fc.Arbitrary<World> = endless(narrow, wide).map((stream) => ({ stream, played: { agents: { developer: 3, refactorer: 1 } } }));

const path = fc.constantFrom<PathClaim>({ path: 'repo:a', mode: 'exclusive' }, { path: 'repo:**', mode: 'shared' });
const fewClaims = fc.oneof({ weight: 4, arbitrary: fc.constant<PathClaim[]>([]) }, { weight: 1, arbitrary: path.map((one) => [one]) });
const fairnessKey = fc.constantFrom('alice', 'bob');
const ofOne = fc.record({ semaphores: fc.subarray(['db', 'web', 'gpu'], { minLength: 1, maxLength: 1 }), claims: fewClaims, fairnessKey });
const ofSeveral = fc.record({ role, semaphores: fc.subarray(['db', 'web', 'gpu'], { minLength: 2 }), claims: fewClaims, fairnessKey });
const places = fc.record({ db: fc.integer({ min: 1, max: 2 }), web: fc.integer({ min: 1, max: 2 }), gpu: fc.constant(1) });
const rooms: fc.Arbitrary<World> = fc
  .tuple(endless(ofOne, ofSeveral), places)
  .map(([stream, room]) => ({ stream, played: { agents: { developer: 3, refactorer: 2 }, room } }));

/** One of the two is taken at any time, and never both are free. */
const inTurns = (even: Partial<TaskSpec>, odd: Partial<TaskSpec>, wide: Partial<TaskSpec>): Endless => ({
  smalls: [[{ spec: even, steps: 2 }], [{ spec: odd, steps: 2 }]],
  wides: [{ atStep: 5, arrival: { spec: { role: 'refactorer', ...wide }, steps: 1 } }],
});
const exclusive = (path: string): Partial<TaskSpec> => ({ claims: [{ path, mode: 'exclusive' }] });
const withoutPaths: World = {
  stream: inTurns(exclusive('repo:src/a'), exclusive('repo:src/b'), exclusive('repo:src/*')),
  played: { agents: { developer: 2, refactorer: 1 } },
};
const withoutRoom: World = {
  stream: inTurns({ semaphores: ['db'] }, { semaphores: ['web'] }, { semaphores: ['db', 'web'] }),
  played: { agents: { developer: 2, refactorer: 1 }, room: { db: 1, web: 1 } },
};

describe.each([
  ['claimed paths', paths, withoutPaths],
  ['several semaphores', rooms, withoutRoom],
])('%s', (_what, worlds, starving) => {
  it('are waited for no longer than patience, and the attempts of those who are open, whatever goes on coming', () => {
    fc.assert(
      fc.property(worlds, (world) => nobodyWaitsTooLong(play(world))),
      propertyRounds(10),
    );
  });

  it('would be waited for longer without patience', () => {
    nobodyWaitsTooLong(play(starving));
    expect(() => nobodyWaitsTooLong(play(starving, { claimPatienceMs: Number.MAX_SAFE_INTEGER }))).toThrow('has waited for');
  });

  it.each(['noLimitOfConcurrencyIsExceeded', 'noOverlappingClaimsAreHeldByTwo'])('are kept for somebody, and %s', (name) => {
    fc.assert(
      fc.property(worlds, (world) => GATE_SAFETY[name]!(play(world).log)),
      propertyRounds(5),
    );
  });

  it('are kept for the same ones live, in a replay, and from snapshots on the way', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const live = play(world);
        const restarted = play(world, { restarts: true });
        expect(restarted.log).toEqual(live.log);
        expect(live.digest(live.replayed())).toBe(live.digest());
        expect(restarted.digest()).toBe(live.digest());
      }),
      propertyRounds(4),
    );
  });
});
