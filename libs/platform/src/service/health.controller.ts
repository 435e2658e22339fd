import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import { type HostReadiness, TorchStrategy } from '@torch/host';

/** What probes ask: is the process alive, and may it be sent work. Needs no token. */
@Controller()
export class HealthController {
  constructor(@Inject(TorchStrategy) private readonly strategy: TorchStrategy) {}

  @Get('healthz')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 when the log answers and every partition is owned or stood by for. */
  @Get('readyz')
  async ready(): Promise<{ status: 'ready'; partitions: HostReadiness['partitions'] }> {
    const readiness = await this.strategy.readiness();
    if (!readiness.ready) throw new ServiceUnavailableException(notReady(readiness));
    return { status: 'ready', partitions: readiness.partitions };
  }
}

/** Why a service is not ready, in one sentence. */
export function notReady({ logReachable, partitions }: HostReadiness): string {
  if (!logReachable) return 'The log server does not answer.';
  const waiting = partitions.filter(({ role }) => role !== 'owner' && role !== 'standby');
  if (partitions.length === 0) return 'The service has not joined any partition yet.';
  return `The service is not ready on partition ${waiting.map(({ partition, role }) => `${partition} (${role})`).join(', ')}.`;
}
