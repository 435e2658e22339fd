import type { AnyCommand } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Text } from '../field';
import type { RetentionCommand } from './retention.commands';

/** From audit itself: the key that its checkpoints are signed with from now on. A key that is known already changes nothing. */
export class IntroduceNotaryKey {
  /** `<name>+<8 hex digits>+<base64(0x01 ‖ Ed25519 public key)>`. */
  @Text({ min: 16, max: 512 }) vkey!: string;
}

/** From audit itself: the key was replaced on its machine. */
export class RotateNotaryKey {
  @Text({ min: 16, max: 512 }) vkey!: string;
  /** `<name>+<8 hex digits>` of the key before. */
  @Text({ min: 10, max: 512 }) previousKey!: string;
  /** Of the key before, over the new one: base64 of 64 bytes. */
  @Text({ min: 88, max: 88 }) signature!: string;
  @AtMs() rotatedAtMs!: number;
}

const { command } = contractsOf('audit');

export const auditCommands = [command('IntroduceNotaryKey', IntroduceNotaryKey), command('RotateNotaryKey', RotateNotaryKey)] as const;

export type AuditCommand =
  AnyCommand<'IntroduceNotaryKey', IntroduceNotaryKey> | AnyCommand<'RotateNotaryKey', RotateNotaryKey> | RetentionCommand;
