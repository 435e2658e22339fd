export { type Accepted, type Admission, DeadlineExceeded, type TorchClient } from './client';
export { NotDurable } from './durability';
export type { Answer, CommandEnvelope, QueryAnswer, QueryEnvelope } from './envelope';
export { type HostClock, SYSTEM_CLOCK } from './host.clock';
export { HOST_DEFAULTS, type HostConfig } from './host.config';
export { type HostLogger, type HostTracing, NO_TRACING, SILENT_LOGGER } from './host.ports';
export { LOG_TAILS_DEFAULTS, LogTails, type LogTailsConfig, TailedCommit, type TailSubscriber } from './log-tails';
export { TorchClientProxy, type TorchRequest } from './nest/torch.client-proxy';
export { EFFECT, type OwnershipHooks, TorchStrategy, type TorchStrategyOptions } from './nest/torch.strategy';
export type { PartitionRole } from './partition-host';
export { readingAlso } from './reading-also';
export { SYSTEM_PROJECT } from '@torch/contracts';
export { type Replayed, replayProject, type ReplayRequest, stateDigest } from './replay';
export type { Decision, EffectContext, OwnCommand, OwnedPartition, PlacedEvent, Reading, ServiceDefinition, Turn } from './service';
export { type HostReadiness, ServiceHost, type ServiceHostOptions } from './service-host';
export {
  ConnectedTorchClient,
  createTorchClient,
  TORCH_CLIENT_DEFAULTS,
  type TorchClientConfig,
  type TorchClientOptions,
} from './torch-client';
export { copySnapshot, hasUsableSnapshot, type SnapshotCopy, SnapshotReplaced } from './snapshot-copy';
export { HistoryPruned, type TrimmedLog, trimmedLogOf } from './trimmed-log';
