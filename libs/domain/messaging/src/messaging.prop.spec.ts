import { DELIVERY_STATES, type DeliveryState } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { DeciderRun, type SpecCommand, type SpecEvent } from '@torch/testing';
import fc from 'fast-check';
import { messagingDeciderWith } from './messaging.decider';
import { isFinal, MESSAGING_LIMITS, messagesOpen, type MessagingState } from './messaging.state';
import { inbox, messageView } from './messaging.views';

const LIMITS = {
  ...MESSAGING_LIMITS,
  inboxMessagesMax: 3,
  messagesEndedMax: 3,
  endedDeliveriesMax: 5,
  lostMembersMax: 1,
  deadLettersMax: 2,
  openDeliveriesMax: 12,
  fenced: { perReporterMax: 2, windowMs: 2000, reportersMax: 2 },
};
const decider = messagingDeciderWith(LIMITS);

type Step = { command: SpecCommand } | { event: SpecEvent } | { passMs: number };

const agentId = fc.constantFrom('a', 'b', 'c');
const messageId = fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({
        messageId,
        to: fc.constantFrom('a', 'b', '@all', '@developer', 'operator'),
        text: fc.constant('Hello.'),
        ttlMs: fc.integer({ min: 1000, max: 5000 }),
      })
      .map((data) => ({ command: { type: 'SendMessage', data, actor: 'agent:c' } })),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        type: fc.constantFrom('RecordDispatched', 'ConfirmDelivered', 'AckMessage'),
        messageId,
        recipient: fc.constantFrom('a', 'b', 'c', 'operator'),
      })
      .map(({ type, ...data }) => ({ command: { type, data } })),
  },
  fc
    .record({ messageId, recipient: fc.constantFrom('a', 'b', 'c'), step: fc.constantFrom('delivered', 'acked') })
    .map((data) => ({ command: { type: 'RecordFencedMessage', data } })),
  {
    weight: 2,
    arbitrary: fc
      .record({
        type: fc.constantFrom('registered', 'registered', 'lost', 'recovered', 'deregistered'),
        agentId,
        role: fc.constantFrom('developer', 'specialist'),
      })
      .map(({ type, ...data }) => ({ event: { type: `agent.${type}`, data } })),
  },
  fc.integer({ min: 1, max: 3000 }).map((passMs) => ({ passMs })),
);
const steps = fc.array(step, { maxLength: 80, size: 'max' });

function take(run: DeciderRun<MessagingState>, step: Step): void {
  if ('command' in step) run.tryToDecide(step.command);
  else if ('event' in step) run.happened(step.event);
  else run.passTo(run.nowMs + step.passMs);
}

const deliveriesOf = ({ messages }: MessagingState): Map<string, DeliveryState> =>
  new Map(
    [...messages.values()].flatMap(({ messageId, sentAtMs, deliveries }) =>
      [...deliveries].map(([recipient, at]) => [`${messageId} of ${sentAtMs} to ${recipient}`, at] as const),
    ),
  );

describe('safety', () => {
  it('a delivery never goes back, and never leaves a final state', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = new DeciderRun(decider);
        for (const step of steps) {
          const before = deliveriesOf(run.state);
          take(run, step);
          for (const [key, to] of deliveriesOf(run.state)) {
            const from = before.get(key);
            if (!from || from === to) continue;
            expect(isFinal(from)).toBe(false);
            expect(DELIVERY_STATES.indexOf(to)).toBeGreaterThan(DELIVERY_STATES.indexOf(from));
          }
        }
      }),
    );
  });

  it('a delivery is never further than somebody reported', () => {
    const proof: Record<string, readonly string[]> = {
      dispatched: ['RecordDispatched'],
      delivered: ['ConfirmDelivered', 'AckMessage'],
      acked: ['AckMessage'],
    };
    fc.assert(
      fc.property(steps, (steps) => {
        const run = new DeciderRun(decider);
        const reported = new Set<string>();
        for (const step of steps) {
          take(run, step);
          if ('command' in step && 'recipient' in step.command.data) {
            const { messageId, recipient } = step.command.data as { messageId: string; recipient: string };
            reported.add(`${step.command.type} ${messageId} ${recipient}`);
          }
          for (const { messageId, deliveries } of run.state.messages.values()) {
            for (const [recipient, at] of deliveries) {
              if (proof[at]) expect(proof[at].some((type) => reported.has(`${type} ${messageId} ${recipient}`))).toBe(true);
            }
          }
        }
      }),
    );
  });

  it('no inbox, and nothing else that is kept, grows beyond its limit', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = new DeciderRun(decider);
        for (const step of steps) {
          take(run, step);
          for (const recipient of ['a', 'b', 'c', 'operator']) {
            expect(inbox(run.state, { recipient }).messages.length).toBeLessThanOrEqual(LIMITS.inboxMessagesMax);
          }
          expect(run.state.ended.size).toBeLessThanOrEqual(LIMITS.messagesEndedMax);
          const ended = [...run.state.messages.values()].filter(({ open }) => open === 0);
          expect(ended.reduce((sum, { deliveries }) => sum + deliveries.size, 0)).toBeLessThanOrEqual(LIMITS.endedDeliveriesMax);
          for (const { text } of ended) expect(text).toBe('');
          expect(run.state.lost.size).toBeLessThanOrEqual(LIMITS.lostMembersMax);
          expect(run.state.openDeliveries).toBeLessThanOrEqual(LIMITS.openDeliveriesMax);
          const reports = run.state.fenced.encode();
          expect(reports.length).toBeLessThanOrEqual(LIMITS.fenced.reportersMax);
          for (const [, , noted] of reports) expect(noted.length).toBeLessThanOrEqual(LIMITS.fenced.perReporterMax);
        }
      }),
    );
  });

  it('everything derived follows from the messages', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = new DeciderRun(decider);
        for (const step of steps) take(run, step);
        const messages = [...run.state.messages.values()];
        const open = messages.filter((message) => [...message.deliveries.values()].some((at) => !isFinal(at)));
        expect(messagesOpen(run.state)).toBe(open.length);
        expect(run.state.openDeliveries).toBe(messages.reduce((sum, message) => sum + message.open, 0));
        expect(run.state.openChars).toBe(open.reduce((sum, message) => sum + message.text.length, 0));
        expect(run.dueAtMs()).toBe(Math.min(Infinity, ...open.map(({ expiresAtMs }) => expiresAtMs)));
        for (const recipient of ['a', 'b', 'c', 'operator']) {
          const wanted = open.filter(({ deliveries }) => !isFinal(deliveries.get(recipient) ?? 'acked')).map(({ messageId }) => messageId);
          expect(inbox(run.state, { recipient }).messages.map(({ messageId }) => messageId)).toEqual(wanted);
        }
      }),
    );
  });

  it('a report that was decided once has no event when it comes again', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = new DeciderRun(decider);
        for (const step of steps) {
          if (!('command' in step) || step.command.type === 'SendMessage') take(run, step);
          else if (!(run.tryToDecide(step.command) instanceof Rejection)) {
            const again = run.tryToDecide(step.command);
            if (!(again instanceof Rejection)) expect(again).toEqual([]);
            else expect(again.code).toBe('unknown-message'); // It ended, and was the one too many to keep.
          }
        }
      }),
    );
  });

  it('a replay of the log, and a snapshot anywhere in it, arrive at the live state', () => {
    fc.assert(
      fc.property(steps, fc.nat(80), (steps, restartAt) => {
        const run = new DeciderRun(decider);
        steps.forEach((step, i) => {
          take(run, step);
          if (i === restartAt) run.restart();
        });
        expect(run.digest(run.replayed())).toBe(run.digest());
        expect(run.dueAtMs()).toBe(decider.dueAtMs?.(run.replayed()));
      }),
    );
  });
});

describe('liveness', () => {
  it('every message that was accepted ends, acknowledged or dead, for each of its recipients', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = new DeciderRun(decider);
        for (const step of steps) take(run, step);
        for (let turns = 0; run.dueAtMs() < Infinity; turns++) {
          expect(turns).toBeLessThan(1000);
          run.passTo(run.dueAtMs());
        }
        for (const messageId of run.state.messages.keys()) {
          for (const { state } of messageView(run.state, { messageId }).deliveries) expect(isFinal(state)).toBe(true);
        }
        expect(run.state.openDeliveries).toBe(0);
        expect(run.state.inboxes.size).toBe(0);
      }),
    );
  });
});
