import { Module } from '@nestjs/common';
import { TorchModule } from '@torch/platform';
import { SchedulerHandlers } from './api/scheduler.handlers';
import { AgentReactor } from './reactors/agent.reactor';
import { readScheduler } from './scheduler.config';

@Module({
  imports: [TorchModule.forService({ service: 'scheduler', decider: readScheduler(process.env) })],
  controllers: [SchedulerHandlers, AgentReactor],
})
export class SchedulerModule {}
