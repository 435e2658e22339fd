export { type Accepted, type Admission, DeadlineExceeded, type TorchClient } from './client';
export type { Answer, CommandEnvelope, QueryAnswer, QueryEnvelope } from './envelope';
export { HOST_DEFAULTS, type HostConfig } from './host.config';
export type { Decision, EffectContext, OwnCommand, OwnedPartition, PlacedEvent, Reading, ServiceDefinition, Turn } from './service';
