import { registryDecider, type RegistryState } from '@torch/domain-registry';
import type { OwnCommand, OwnedPartition } from '@torch/host';
import { DeciderRun, SPEC_PROJECT } from '@torch/testing';

export const OWNED_AT_MS = 1_000_000;

/** An owner of one partition with the real rules, whose commands take effect at once. */
export class OwnerDouble implements OwnedPartition<RegistryState> {
  readonly partition = 3;
  readonly commands: string[] = [];
  failing = false;
  private readonly run = new DeciderRun(registryDecider).at(OWNED_AT_MS);

  get nowMs(): number {
    return this.run.nowMs;
  }

  set nowMs(nowMs: number) {
    this.run.at(nowMs);
  }

  timeMs = (): number => this.nowMs;
  projects = (): string[] => [SPEC_PROJECT];
  state = (): RegistryState => this.run.state;
  reading = () => ({ partition: this.partition, project: SPEC_PROJECT, nowMs: this.nowMs, state: this.run.state });

  submit(_project: string, { type, data }: OwnCommand): Promise<void> {
    if (this.failing) return Promise.reject(new Error('The lease is lost.'));
    this.commands.push(type);
    this.decide(type, data as object);
    return Promise.resolve();
  }

  decide(type: string, data: object): void {
    this.run.decide({ type, data, actor: 'service:registry' });
  }
}
