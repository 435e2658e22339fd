import { registryDecider, type RegistryState } from '@torch/domain-registry';
import type { OwnCommand, OwnedPartition } from '@torch/host';
import type { AnyCommand, AnyEvent } from '@torch/kernel';

export const PROJECT = 'shop';
export const OWNED_AT_MS = 1_000_000;

/** An owner of one partition with the real rules, whose commands take effect at once. */
export class OwnerDouble implements OwnedPartition<RegistryState> {
  readonly partition = 3;
  readonly commands: string[] = [];
  nowMs = OWNED_AT_MS;
  failing = false;
  private current = registryDecider.initialState();

  projects = (): string[] => [PROJECT];
  state = (): RegistryState => this.current;
  reading = () => ({ partition: this.partition, project: PROJECT, nowMs: this.nowMs, state: this.current });

  submit(_project: string, { type, data }: OwnCommand): Promise<void> {
    if (this.failing) return Promise.reject(new Error('The lease is lost.'));
    this.commands.push(type);
    this.decide(type, data);
    return Promise.resolve();
  }

  decide(type: string, data: unknown): void {
    const command = { type, data, project: PROJECT, actor: 'service:registry', correlationId: 'c' } as AnyCommand;
    for (const event of registryDecider.decide(this.current, command as never, { nowMs: this.nowMs, newId: () => 'id' })) {
      const placed = { ...event, v: 1, project: PROJECT, actor: 'x', correlationId: 'c' } as AnyEvent;
      this.current = registryDecider.evolve(this.current, placed as never);
    }
  }
}
