import type { AccessGrant, AccessRefusal } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';

/** Subject of refusals of callers that no token proved. */
export const NOBODY = 'access/nobody';

/** @throws Rejection `bad-window` when the window ends before its first request. */
export function recordGrant(grant: AccessGrant): readonly NewEvent[] {
  if (grant.windowEndsAtMs < grant.firstAtMs) {
    throw new Rejection('bad-window', `The window ends at ${grant.windowEndsAtMs}, before its first request at ${grant.firstAtMs}.`);
  }
  return [{ type: 'access.granted', subject: `access/${grant.caller}`, data: { ...grant } }];
}

/** @throws Rejection `bad-window` when the last of the refusals is before the first. */
export function recordRefusal(refusal: AccessRefusal): readonly NewEvent[] {
  if (refusal.lastAtMs < refusal.firstAtMs) {
    throw new Rejection('bad-window', `The last refusal is at ${refusal.lastAtMs}, before the first at ${refusal.firstAtMs}.`);
  }
  const subject = refusal.caller === undefined ? NOBODY : `access/${refusal.caller}`;
  return [{ type: 'access.refused', subject, data: { ...refusal } }];
}
