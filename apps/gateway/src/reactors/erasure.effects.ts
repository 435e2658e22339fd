import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Commands, type SubjectErasureRequested } from '@torch/contracts';
import { EFFECT, type PlacedEvent, SYSTEM_PROJECT, type TorchClient } from '@torch/host';
import { type SubjectKeys, TORCH_CLIENT } from '@torch/platform';
import { SUBJECT_KEYS } from '../adapters/personal-data.adapter';

/** Destroys the keys that audit decided on, and says so once they are gone. The gateway does it since it alone keeps them. */
@Controller()
export class ErasureEffects {
  constructor(
    @Inject(SUBJECT_KEYS) private readonly keys: SubjectKeys,
    @Inject(TORCH_CLIENT) private readonly client: TorchClient,
  ) {}

  /** The event names the very keys: what the subject has written under a later one is not touched, however often this runs. */
  @EventPattern('subject.erasure-requested', EFFECT)
  async erase(@Payload() { id, data, correlationId, traceparent }: PlacedEvent): Promise<void> {
    const { subject, keys } = data as SubjectErasureRequested;
    for (const { keyId } of keys) await this.keys.destroy(keyId);
    const admission = { project: SYSTEM_PROJECT, actor: 'service:gateway', idempotencyId: `erased:${id}`, correlationId, traceparent };
    await this.client.command(Commands.ConfirmErasure, admission, { subject, keys });
  }
}
