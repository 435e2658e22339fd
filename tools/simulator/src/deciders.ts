import { auditDecider } from '@torch/domain-audit';
import { messagingDecider } from '@torch/domain-messaging';
import { registryDecider } from '@torch/domain-registry';
import { SCHEDULER_LIMITS, schedulerDeciderWith } from '@torch/domain-scheduler';
import { readingAlso } from '@torch/host';
import type { Decider } from '@torch/kernel';

/** Services that a simulated world has, each in several instances. */
export const SIMULATED_SERVICES = ['registry', 'scheduler', 'gateway', 'audit'] as const;
export type SimulatedService = (typeof SIMULATED_SERVICES)[number];

/** The rules that a world runs, and that its log is replayed by. */
export type Deciders = Readonly<Record<SimulatedService, Decider<unknown>>>;

export const anyState = (decider: unknown): Decider<unknown> => decider as Decider<unknown>;

/** Waiting that is worth one level of priority here, ms. */
export const AGE_STEP_MS = 10_000;

/** Where a rule takes minutes by default, it takes seconds here, so that a run of minutes sees it. */
export const SIMULATED_LIMITS = {
  ...SCHEDULER_LIMITS,
  ageStepMs: AGE_STEP_MS,
  claimPatienceMs: 10_000,
  startGraceMs: 10_000,
  resultGraceMs: 8000,
  backoffMaxMs: 10_000,
};

/** The run whose cancellation the rules fail on: the one mistake that is put into them. */
export const POISON_RUN = 'poison';

class Poisoned extends Error {
  override readonly name = 'Poisoned';
}

/** Name of the error that the mistake leads to. */
export const POISONED = 'Poisoned';

function poisonable(scheduler: Decider<unknown>): Decider<unknown> {
  return {
    ...scheduler,
    decide: (state, command, context) => {
      if (command.type === 'CancelRun' && (command.data as { runId: string }).runId === POISON_RUN)
        throw new Poisoned('A mistake in the rules.');
      return scheduler.decide(state, command, context);
    },
  };
}

/** The real rules, with one mistake in them. */
export const SIMULATED_DECIDERS: Deciders = {
  registry: readingAlso(anyState(registryDecider), ['claim.refused', 'claim.granted', 'claim.released']),
  scheduler: poisonable(anyState(schedulerDeciderWith(SIMULATED_LIMITS))),
  gateway: anyState(messagingDecider),
  audit: anyState(auditDecider),
};
