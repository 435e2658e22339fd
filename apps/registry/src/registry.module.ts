import { Module } from '@nestjs/common';
import { registryDecider } from '@torch/domain-registry';
import { readingAlso } from '@torch/host';
import { TorchModule } from '@torch/platform';
import { PresenceWatch } from './adapters/presence-watch.adapter';
import { ConflictHandlers } from './api/conflict.handlers';
import { ContextHandlers } from './api/context.handlers';
import { RegistryHandlers } from './api/registry.handlers';
import { AgentExitReactor, EXITS } from './reactors/agent-exit.reactor';
import { CLAIM_NEWS, ConflictReactor } from './reactors/conflict.reactor';
import { REGISTRY_CONFIG, readRegistryConfig } from './registry.config';

@Module({
  imports: [
    TorchModule.forService({
      service: 'registry',
      decider: readingAlso(registryDecider, [...EXITS, ...CLAIM_NEWS]),
      hooks: PresenceWatch,
    }),
  ],
  controllers: [RegistryHandlers, ContextHandlers, ConflictHandlers, AgentExitReactor, ConflictReactor],
  providers: [PresenceWatch, { provide: REGISTRY_CONFIG, useFactory: () => readRegistryConfig(process.env) }],
})
export class RegistryModule {}
