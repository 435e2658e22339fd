import type { ServiceName } from '@torch/contracts';
import { auditDecider } from '@torch/domain-audit';
import { messagingDecider } from '@torch/domain-messaging';
import { registryDecider } from '@torch/domain-registry';
import { schedulerDecider } from '@torch/domain-scheduler';
import { spawnerDecider } from '@torch/domain-spawner';
import type { Decider } from '@torch/kernel';

/** The rules by which each service's state follows from the log. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a state of any shape
export const DECIDERS: Readonly<Record<ServiceName, Decider<any, any, any>>> = {
  gateway: messagingDecider,
  registry: registryDecider,
  scheduler: schedulerDecider,
  spawner: spawnerDecider,
  audit: auditDecider,
};
