import type { ConfirmErasure, RequestErasure } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { definitionOf } from './stand-in.fixture';

interface AuditState {
  erasures: Record<string, { requestedAtMs: number; erasedAtMs?: number }>;
}

/** Erasure as the gateway can tell it from outside. */
export const standInAudit = definitionOf<AuditState>({
  service: 'audit',
  initialState: () => ({ erasures: {} }),
  decide(_state, { type, data }, { nowMs }) {
    const { subject, keys } = data as RequestErasure | ConfirmErasure;
    if (type === 'RequestErasure' && subject === 'user:held') throw new Rejection('under-legal-hold', '"user:held" is held.');
    if (type === 'RequestErasure')
      return [{ type: 'subject.erasure-requested', subject: `subject/${subject}`, data: { subject, keys, requestedAtMs: nowMs } }];
    if (type === 'ConfirmErasure')
      return [{ type: 'subject.erased', subject: `subject/${subject}`, data: { subject, keys, erasedAtMs: nowMs } }];
    throw new Rejection('unknown-command', type);
  },
  evolve(state, { type, data }) {
    const { subject, requestedAtMs, erasedAtMs } = data as { subject: string; requestedAtMs: number; erasedAtMs: number };
    if (type === 'subject.erasure-requested') state.erasures[subject] = { requestedAtMs };
    if (type === 'subject.erased') Object.assign(state.erasures[subject] as object, { erasedAtMs });
  },
  queries: {
    GetRetention: (_, { erasures }) => ({
      rules: [],
      holds: [],
      erasures: Object.entries(erasures).map(([subject, erasure]) => ({ subject, ...erasure })),
    }),
  },
});
