import type { AuditCommand, AuditEvent } from '@torch/contracts';
import { type Decider } from '@torch/kernel';
import { auditSnapshot } from './audit.snapshot';
import { type AuditState, emptyAudit } from './audit.state';
import { introduceKey, keyIntroduced, keyRotated, rotateKey } from './notary-key.rules';
import { decideRetention, evolveRetention } from './retention.rules';

export const auditDecider: Decider<AuditState, AuditCommand, AuditEvent> = {
  initialState: emptyAudit,

  decide(state, command, { nowMs }) {
    switch (command.type) {
      case 'IntroduceNotaryKey':
        return introduceKey(state, command.data, nowMs);
      case 'RotateNotaryKey':
        return rotateKey(state, command.data);
      default:
        return decideRetention(state.retention, command, nowMs);
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'log.recovered':
        return state;
      case 'notary.key-introduced':
        return keyIntroduced(state, event.data);
      case 'notary.key-rotated':
        return keyRotated(state, event.data);
      default:
        evolveRetention(state.retention, event);
        return state;
    }
  },

  foreign: [],
  snapshot: auditSnapshot,
};
