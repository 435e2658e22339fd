import type { ClaimMode } from '@torch/contracts';
import * as fc from 'fast-check';
import { ClaimIndex, isConflict, type Wanted } from './claim-index';
import { globOf } from './path-glob';

const wanted: fc.Arbitrary<Wanted> = fc.record({
  glob: fc
    .constantFrom('repo:a', 'repo:a/b', 'repo:a/b/c', 'repo:a/*', 'repo:**', 'repo:*/b', 'repo:a/**/c', 'docs:a', 'docs:*')
    .map(globOf),
  mode: fc.constantFrom<ClaimMode>('exclusive', 'shared'),
});
/** One more, or one of those that are there less. */
const changes = fc.array(fc.oneof(wanted, fc.nat(30)), { maxLength: 30 });

describe('an index of claims', () => {
  it('finds what conflicts among those that are in it, and nothing else', () => {
    fc.assert(
      fc.property(changes, fc.array(wanted, { minLength: 1, maxLength: 4 }), (changed, asked) => {
        const index = new ClaimIndex<Wanted>();
        const there: Wanted[] = [];
        for (const change of changed) {
          if (typeof change !== 'number') {
            there.push(change);
            index.add(change);
          } else for (const gone of there.splice(change, 1)) index.remove(gone);
          for (const one of asked) {
            const found = [...index.conflicts(one)];
            expect(new Set(found)).toEqual(new Set(there.filter((other) => isConflict(other, one))));
            expect(found).toHaveLength(new Set(found).size);
          }
        }
      }),
    );
  });

  it('is not changed by taking out what is not in it', () => {
    const index = new ClaimIndex<Wanted>();
    const one: Wanted = { glob: globOf('repo:a'), mode: 'exclusive' };
    index.add(one);
    index.remove({ ...one });
    expect([...index.conflicts({ glob: globOf('repo:*'), mode: 'shared' })]).toEqual([one]);
  });
});
