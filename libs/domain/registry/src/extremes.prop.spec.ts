import { commandContract, Commands } from '@torch/contracts';
import { ExtremeRun, extremes, propertyRounds } from '@torch/testing';
import fc from 'fast-check';
import { news, SMALL } from './fleet.fixture';
import { registryDeciderWith } from './registry.decider';
import type { RegistryState } from './registry.state';

const TYPES = Object.keys(Commands).filter((type) => commandContract(type)?.service === 'registry');
const AGENTS = ['a', 'b', 'c'];
const WIDE = '\u{1F6D1}';

const command = fc.constantFrom(...TYPES, 'RegisterAgent', 'UpdateContext').chain((type) =>
  fc.record({
    type: fc.constant(type),
    data: extremes(commandContract(type)!.data, { itemsMax: 64 }),
    /** What there is, in place of such as nothing is. */
    known: fc.record({
      agentId: fc.constantFrom(...AGENTS),
      instance: fc.constantFrom('1', '2'),
      key: fc.constantFrom('k', 'k'.repeat(64)),
      version: fc.nat(3),
      conflictId: fc.constantFrom('c', 'd'),
      parties: fc.constantFrom(
        [
          { actor: 'agent:a', evidence: WIDE.repeat(2000) },
          { actor: 'user:x', evidence: '' },
        ],
        Array.from({ length: 16 }, (_, n) => ({ actor: `user:${n}`, evidence: WIDE.repeat(2000) })),
      ),
    }),
    actor: fc.constantFrom('agent:a', 'agent:b', `user:${'u'.repeat(100)}`, 'service:registry'),
  }),
);
const wait = fc.record({ waitMs: fc.constantFrom(1000, 1_000_000) });
const steps = fc.array(fc.oneof({ weight: 8, arbitrary: command }, { weight: 3, arbitrary: news }, wait), { maxLength: 60, size: 'max' });

describe('the registry, told whatever its contracts allow', () => {
  it('throws nothing but rejections, and everything that it says fits its contract, the log and a commit', () => {
    const decided = new Set<string>();
    fc.assert(
      fc.property(steps, (taken) => {
        const run = new ExtremeRun<RegistryState>(registryDeciderWith(SMALL));
        for (const one of taken) {
          if ('waitMs' in one) run.passAndSettle(run.nowMs + one.waitMs);
          else if (!('actor' in one) || !('known' in one)) run.happened(one);
          else {
            const known = Object.entries(one.known).filter(([name, value]) => typeof one.data[name] === typeof value);
            run.say({ type: one.type, data: { ...one.data, ...Object.fromEntries(known) }, actor: one.actor });
          }
          run.passAndSettle(run.nowMs);
        }
        for (const [type, outcome] of run.outcomes) if (outcome.decided > 0) decided.add(type);
      }),
      propertyRounds(150),
    );
    expect(decided.size).toBeGreaterThan(10);
  });
});
