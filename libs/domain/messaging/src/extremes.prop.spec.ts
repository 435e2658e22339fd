import { commandContract, Commands } from '@torch/contracts';
import { ExtremeRun, extremes, propertyRounds } from '@torch/testing';
import fc from 'fast-check';
import { messagingDecider } from './messaging.decider';
import type { MessagingState } from './messaging.state';

const TYPES = Object.keys(Commands).filter((type) => commandContract(type)?.service === 'gateway');
/** As long as ids may be, and enough of them that one event does not hold all. */
const AGENTS = Array.from({ length: 600 }, (_, n) => `${n}${'a'.repeat(124)}`);

const command = fc.constantFrom(...TYPES, 'SendMessage').chain((type) =>
  fc.record({
    type: fc.constant(type),
    data: extremes(commandContract(type)!.data, { itemsMax: 20 }),
    known: fc.record({
      messageId: fc.constantFrom('m', 'm'.repeat(128), 'n'),
      recipient: fc.constantFrom(AGENTS[0]!, AGENTS[1]!),
      to: fc.constantFrom(AGENTS[0]!, '@all', '@developer', 'operator'),
    }),
  }),
);
const wait = fc.record({ waitMs: fc.constantFrom(1000, 40 * 24 * 3_600_000) });
const steps = fc.array(fc.oneof({ weight: 8, arbitrary: command }, wait), { maxLength: 25, size: 'max' });

describe('messaging, told whatever its contracts allow', () => {
  it('throws nothing but rejections, and everything that it says fits its contract, the log and a commit', () => {
    const decided = new Set<string>();
    fc.assert(
      fc.property(steps, (taken) => {
        const run = new ExtremeRun<MessagingState>(messagingDecider);
        run.happened(...AGENTS.map((agentId) => ({ type: 'agent.registered', data: { agentId, role: 'developer' } })));
        for (const one of taken) {
          if ('waitMs' in one) run.passAndSettle(run.nowMs + one.waitMs);
          else {
            const known = Object.entries(one.known).filter(([name]) => name in one.data);
            run.say({ type: one.type, data: { ...one.data, ...Object.fromEntries(known) } });
          }
        }
        for (const [type, outcome] of run.outcomes) if (outcome.decided > 0) decided.add(type);
      }),
      propertyRounds(40),
    );
    expect(decided).toContain('SendMessage');
  });
});
