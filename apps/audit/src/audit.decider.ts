import { type AnyCommand, type AnyEvent, type Decider, Rejection } from '@torch/kernel';

/** Audit has nothing to decide: it takes part in ownership so that each partition has one notary. */
export const auditDecider: Decider<Record<string, never>, AnyCommand, AnyEvent> = {
  initialState: () => ({}),
  decide: (_state, { type }) => {
    throw new Rejection('unknown-command', `Audit decides nothing, and so not ${type}.`);
  },
  evolve: (state) => state,
  foreign: [],
  snapshot: { version: 1, encode: (state) => state, decode: () => ({}) },
};
