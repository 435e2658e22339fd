import { Module } from '@nestjs/common';
import { TorchModule } from '@torch/platform';
import { SchedulerHandlers } from './api/scheduler.handlers';
import { TopicHandlers } from './api/topics.handlers';
import { AgentReactor } from './reactors/agent.reactor';
import { readScheduler } from './scheduler.config';

@Module({
  imports: [TorchModule.forService({ service: 'scheduler', decider: readScheduler(process.env) })],
  controllers: [SchedulerHandlers, TopicHandlers, AgentReactor],
})
export class SchedulerModule {}
