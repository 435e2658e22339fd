import type { AuditEvent, IntroduceNotaryKey, NotaryKeyIntroduced, NotaryKeyRotated, RotateNotaryKey } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import type { AuditState } from './audit.state';

/** `<name>+<8 hex digits>`: what names a key without being one. */
export const keyNameOf = (vkey: string): string => vkey.split('+', 2).join('+');

const fact = <E extends AuditEvent>(type: E['type'], vkey: string, data: E['data']): NewEvent => ({
  type,
  subject: `notary/${vkey.split('+')[1] ?? ''}`,
  data,
});

export function introduceKey({ keys }: AuditState, { vkey }: IntroduceNotaryKey, nowMs: number): readonly NewEvent[] {
  checkVkey(vkey);
  return keys.has(keyNameOf(vkey)) ? [] : [fact('notary.key-introduced', vkey, { vkey, introducedAtMs: nowMs })];
}

export function rotateKey({ keys }: AuditState, command: RotateNotaryKey): readonly NewEvent[] {
  const { vkey, previousKey, signature, rotatedAtMs } = command;
  checkVkey(vkey);
  if (keys.has(keyNameOf(vkey))) return []; // Told before.
  const previous = keys.get(previousKey);
  if (!previous) throw new Rejection('unknown-notary-key', `The log knows no notary's key "${previousKey}" that could be replaced.`);
  if (previous.replacedAtMs !== undefined)
    throw new Rejection('notary-key-replaced', `The notary's key "${previousKey}" was replaced at ${previous.replacedAtMs} already.`);
  return [fact('notary.key-rotated', vkey, { vkey, previousKey, signature, rotatedAtMs })];
}

function checkVkey(vkey: string): void {
  if (!/^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/u.test(vkey))
    throw new Rejection('invalid-notary-key', `"${vkey}" is not a verifier key: <name>+<8 hex digits>+<base64>.`);
}

export function keyIntroduced(state: AuditState, { vkey, introducedAtMs }: NotaryKeyIntroduced): AuditState {
  state.keys.set(keyNameOf(vkey), { vkey, sinceMs: introducedAtMs });
  return state;
}

export function keyRotated(state: AuditState, { vkey, previousKey, rotatedAtMs }: NotaryKeyRotated): AuditState {
  const previous = state.keys.get(previousKey);
  if (previous) state.keys.set(previousKey, { ...previous, replacedAtMs: rotatedAtMs });
  state.keys.set(keyNameOf(vkey), { vkey, sinceMs: rotatedAtMs });
  return state;
}
