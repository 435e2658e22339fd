import { Module } from '@nestjs/common';
import { spawnerDecider } from '@torch/domain-spawner';
import { readingAlso } from '@torch/host';
import { TorchModule } from '@torch/platform';
import { AgentProcesses } from './adapters/agent-processes.adapter';
import { SpawnerHandlers } from './api/spawner.handlers';
import { LOSSES, PoolReactor } from './reactors/pool.reactor';
import { ProcessEvidence } from './reactors/process-evidence';
import { ProcessEffects } from './reactors/process.effects';
import { ProcessWatch } from './reactors/process.watch';
import { readSpawnerConfig, SPAWNER_CONFIG } from './spawner.config';

@Module({
  imports: [TorchModule.forService({ service: 'spawner', decider: readingAlso(spawnerDecider, LOSSES), hooks: ProcessWatch })],
  controllers: [SpawnerHandlers, PoolReactor, ProcessEffects],
  providers: [AgentProcesses, ProcessEvidence, ProcessWatch, { provide: SPAWNER_CONFIG, useFactory: () => readSpawnerConfig(process.env) }],
})
export class SpawnerModule {}
