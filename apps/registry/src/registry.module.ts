import { Module } from '@nestjs/common';
import { registryDecider } from '@torch/domain-registry';
import { readingAlso } from '@torch/host';
import { TorchModule } from '@torch/platform';
import { PresenceWatch } from './adapters/presence-watch.adapter';
import { RegistryHandlers } from './api/registry.handlers';
import { AgentExitReactor, EXITS } from './reactors/agent-exit.reactor';
import { REGISTRY_CONFIG, readRegistryConfig } from './registry.config';

@Module({
  imports: [TorchModule.forService({ service: 'registry', decider: readingAlso(registryDecider, EXITS), hooks: PresenceWatch })],
  controllers: [RegistryHandlers, AgentExitReactor],
  providers: [PresenceWatch, { provide: REGISTRY_CONFIG, useFactory: () => readRegistryConfig(process.env) }],
})
export class RegistryModule {}
