import { registryDecider } from '@torch/domain-registry';
import { schedulerDecider } from '@torch/domain-scheduler';
import { ServiceHost } from '@torch/host';
import type { Decider } from '@torch/kernel';
import type { LogServer } from '@torch/log';

const DECIDERS = { registry: registryDecider as unknown as Decider<unknown>, scheduler: schedulerDecider as unknown as Decider<unknown> };

/** An instance of a service as the bench measures it: the real host and the real decider, without Nest around them. */
export function benchHost(service: keyof typeof DECIDERS, server: LogServer): ServiceHost {
  return new ServiceHost({
    server,
    definition: {
      service,
      decider: DECIDERS[service],
      handleCommand: (command, turn) => turn.decide(command),
      queries: new Map(),
      reactions: new Map(),
      effects: new Map(),
    },
  });
}
